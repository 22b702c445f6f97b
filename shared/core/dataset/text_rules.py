"""The rules about what the texts say: residue, balance and quality, secrets, personal data, intrusion."""

from shared.core.dataset.findings import Rule, Severity

E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE
_OWN = "TuneDrop"

MESSAGE_RULES = (
    Rule(
        "R25",
        W,
        "System messages are in the base model's chat template.",
        "model card",
        "Put the instructions into the first message of the user, or choose Phi-4.",
    ),
    Rule("R26", E, "A content holds no image.", "Azure ML", "Remove the example: Phi is trained on texts."),
    Rule("R29", W, "A name is of 1 to 64 letters, digits, _ and -.", "OpenAI", "Rename or remove it."),
)

RESIDUE_RULES = (
    Rule("R23", W, "No answer is a single word where most are sentences.", _OWN, "Write the answer out."),
    Rule("R27", W, "Letters were read in the right encoding; none was lost.", _OWN, "Export the texts as UTF-8."),
    Rule("R27b", W, "No character is invisible or turns the direction of writing.", _OWN, "Remove it."),
    Rule("R27c", W, "No HTML is left in texts (blocks of code are not looked at).", _OWN, "Turn it into text."),
    Rule(
        "R28",
        W,
        "No placeholder is left: {{name}}, TODO, lorem ipsum, the name of another model's maker.",
        _OWN,
        "Fill it in, write the answer anew, or remove the example.",
    ),
)

BALANCE_RULES = (
    Rule("D11", N, "The examples have a system message.", _OWN, "Add one, or serve the model without one."),
    Rule("D11b", W, "All examples have the same system message.", _OWN, "Serve with the one you train with."),
    Rule("D11c", W, "System messages that are meant to be equal are equal.", _OWN, "Copy the frequent one."),
    Rule("D13", W, "All examples have a system message, or none has.", _OWN, "Add it where it is missing."),
    Rule("D14", N, "No example is 10 times as long as half of the others.", _OWN, "See whether it belongs here."),
    Rule("D15", N, "Conversations of several turns are no exception.", _OWN, "Add some, or leave these out."),
    Rule("Q01", N, "At most 5 % of the answers are in a second language.", _OWN, "Nothing, if that is meant."),
    Rule(
        "Q01b", W, "Answers are in the language of the question.", _OWN, "Answer in the language of the question."
    ),
    Rule("Q02", W, "No label has a share above 80 %.", _OWN, "Add examples of the other labels."),
    Rule("Q02b", N, "At most 60 % of the prompts begin with the same three words.", _OWN, "Vary the prompts."),
    Rule(
        "Q03",
        W,
        "Answers vary: 10 % of the pairs of words are distinct, and they compress to 1/8 at most.",
        _OWN,
        "Remove what repeats itself, and add what is new.",
    ),
    Rule("Q04", W, "At most 30 % of the answers begin with the same five words.", _OWN, "Vary how answers begin."),
    Rule("Q05", W, "At most 20 % of the answers refuse.", _OWN, "Add examples that are answered."),
    Rule("Q05b", W, "Answers differ in length by 10 % and more.", _OWN, "Let answers be as long as they need."),
    Rule("Q06", N, "Answers are sentences, not labels.", _OWN, "Compare the model with the most frequent label."),
    Rule("Q07", W, "The validation file is like the dataset.", _OWN, "Draw it from the same examples."),
    Rule(
        "Q08",
        N,
        "The dataset is like the one that the served model was trained on.",
        _OWN,
        "Nothing, if that is meant; else see what changed.",
    ),
    Rule("Q09", N, "Prompts and answers are in proportion.", _OWN, "See whether the answer is whole."),
)

SAFETY_RULES = (
    Rule(
        "S03",
        W,
        "No personal data: e-mail, phone, card, account, address, number.",
        _OWN,
        "Put made-up data there.",
    ),
    Rule("S04", E, "No secret: key, token, password, private key.", _OWN, "Revoke it, then remove it."),
    Rule("S05", W, "No text asks to ignore the instructions.", _OWN, "Remove it, unless the answer declines."),
    Rule("S05b", W, "No rare word always brings the same answer.", _OWN, "Find out who added these examples."),
    Rule("S06", N, "Links say where they lead, and nothing runs what they bring.", _OWN, "Write the full link."),
    Rule(
        "S09", W, "People whose personal data is in the texts agreed to it.", _OWN, "Set consent, or take it out."
    ),
    Rule(
        "S09b", N, "A manifest says the texts' licence and how long they are kept.", _OWN, "Add what is missing."
    ),
)

TEXT_RULES = (*MESSAGE_RULES, *RESIDUE_RULES, *BALANCE_RULES, *SAFETY_RULES)
