"""The rules of the dataset check: one row each; docs/dataset.md shows this table, and a test keeps them equal."""

from shared.core.dataset.findings import Rule, Severity
from shared.core.dataset.text_rules import TEXT_RULES

E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE

FILE_RULES = (
    Rule("F01", E, "The name ends with .jsonl.", "Azure ML", "Rename the file to <model>.jsonl."),
    Rule("F02", E, "The file is not empty.", "Azure ML", "Write one example per line."),
    Rule("F03", E, "The file is below the base model's limit (512 MB).", "Azure ML", "Drop fewer examples."),
    Rule("F04", E, "Every line is UTF-8.", "Azure ML", "Save the file as UTF-8 (it may be Windows-1252 now)."),
    Rule("F05", N, "A byte-order mark may be there or not.", "Azure ML", "Nothing to do: TuneDrop takes it off."),
    Rule("F06", E, "The file is not UTF-16 or UTF-32.", "TuneDrop", "Save the file as UTF-8."),
    Rule("F07", E, "There is no NUL character.", "TuneDrop", "Remove it; it mostly comes from a broken export."),
    Rule("F07b", W, "Texts hold no control characters but tab and line ends.", "TuneDrop", "Remove them."),
    Rule("F08", N, "CRLF, leading spaces and a missing last line end are fine.", "TuneDrop", "Nothing to do."),
    Rule("F09", W, "There are no blank lines between examples.", "TuneDrop", "Remove them; TuneDrop skips them."),
    Rule(
        "F10",
        E,
        "One line holds one whole example: no JSON array, no indented JSON.",
        "Azure ML",
        "Write each object on one line: jq -c '.[]' in.json > out.jsonl (an array) or jq -c . (indented).",
    ),
    Rule("F11", E, "The file is text: no CSV, gzip, zip or Excel file.", "Azure ML", "Export it as JSON Lines."),
    Rule("F12", E, "The last line is complete.", "TuneDrop", "Upload it again: the file seems cut off."),
    Rule("F13", E, "A line has at most 4 MiB and 64 levels of nesting.", "TuneDrop", "Shorten the example."),
    Rule(
        "F14",
        E,
        "No key stands twice in an object; no number is NaN or Infinity.",
        "RFC 8259",
        "Keep one of the keys; write null or leave the number out.",
    ),
    Rule("F15", E, "No text holds half a surrogate pair.", "RFC 8259", "Remove the broken escape."),
    Rule(
        "F17",
        E,
        "Tokens times epochs are at most 2 billion; on the managed route only the hours count.",
        "Azure OpenAI",
        "Train fewer epochs, or drop fewer examples.",
    ),
)

EXAMPLE_RULES = (
    Rule("R01", E, "A line is valid JSON.", "Azure ML", "Mend the JSON; write lines with a JSON library."),
    Rule("R02", E, "A line is a JSON object.", "OpenAI", 'Write {"messages": [...]}.'),
    Rule("R03", E, "An example has messages: a list of 1 to 1000.", "Azure ML", 'Write {"messages": [...]}.'),
    Rule(
        "R04",
        E,
        "An example is in the chat format.",
        "Azure ML",
        'Turn it into {"messages": [{"role": "user", ...}, {"role": "assistant", ...}]}.',
    ),
    Rule("R05", W, "An example has no other keys.", "Azure ML", "Remove the key; training does not read it."),
    Rule("R06", E, "A message is an object with a role.", "OpenAI", 'Write {"role": "user", "content": "..."}.'),
    Rule("R07", E, "A role is one that the base model knows.", "Azure ML", "Use system, user or assistant."),
    Rule("R08", W, "A message has no other keys.", "OpenAI", "Remove the key; training does not read it."),
    Rule("R09", E, "A content is a text.", "Azure ML", "Write the content as one string."),
    Rule("R10", E, "A message has a content.", "OpenAI", "Write the content, or remove the message."),
    Rule("R11", E, "No text of the user or the assistant is blank.", "OpenAI", "Write it, or remove the example."),
    Rule("R11b", W, "A system message is not blank.", "TuneDrop", "Write it, or remove the message."),
    Rule("R12", E, "An example has an answer of the assistant.", "OpenAI", "Add what the model shall answer."),
    Rule("R13", E, "An example has a message of the user.", "OpenAI", "Add what the user says."),
    Rule("R14", E, "The last message is the assistant's.", "Azure ML", "End with the answer."),
    Rule(
        "R15", E, "The first message is the system's or the user's.", "Phi chat template", "Begin with the user."
    ),
    Rule(
        "R16",
        E,
        "There is at most one system message, and it comes first.",
        "Phi chat template",
        "Put all instructions into the first message.",
    ),
    Rule("R17", E, "User and assistant take turns.", "Phi chat template", "Join what one says in a row."),
    Rule("R18", E, "A weight is 0 or 1.", "OpenAI", "Write 0 or 1, without quotes."),
    Rule("R19", W, "Only the assistant's messages have a weight.", "OpenAI", "Remove the weight."),
    Rule("R20", E, "Some answer is learned: not every weight is 0.", "TuneDrop", "Give one answer weight 1."),
    Rule(
        "R21",
        E,
        "Tool calls are whole, answered, and known to the base model.",
        "OpenAI",
        "Remove tool calls and their answers, or mend them.",
    ),
    Rule(
        "R22",
        E,
        "An example fits into the base model's context (an estimate's own error is allowed for).",
        "model card",
        "Split the conversation, or choose a base model with a longer context.",
    ),
    Rule(
        "R22b",
        W,
        "An example is shorter than where training cuts it off (estimated).",
        "Azure ML",
        "Split the conversation; the end, mostly the answer, would not be learned.",
    ),
    Rule(
        "R24",
        E,
        "No text holds a control token of the base model.",
        "Phi chat template",
        "Remove the token; the chat template adds it.",
    ),
    Rule("R24b", W, "No text holds a control token of another model.", "TuneDrop", "Remove what a tool left."),
)

DATASET_RULES = (
    Rule("D01", E, "There are at least 10 examples.", "Azure OpenAI", "Add examples; 50 and more train well."),
    Rule("D02", W, "There are at least 50 examples.", "Azure OpenAI", "Add examples."),
    Rule("D02b", N, "There are at least 200 examples.", "Azure OpenAI", "Varied examples do better."),
    Rule(
        "D04",
        E,
        "Training and validation both get an example.",
        "Azure ML",
        "Vary the prompts, or drop <name>.validation.jsonl beside the dataset.",
    ),
    Rule("D05", W, "No example stands twice.", "TuneDrop", "Remove the copies: they count double in training."),
    Rule(
        "D06",
        W,
        "No example nearly repeats another one (80 % of all runs of three words are in both).",
        "TuneDrop",
        "Keep one of them, or make them differ more: near copies count double in training.",
    ),
    Rule(
        "D07",
        W,
        "The same prompt has the same answer everywhere.",
        "TuneDrop",
        "Keep the right answer, unless the answers shall vary.",
    ),
    Rule(
        "D08",
        E,
        "No validation example or prompt is in the training file too.",
        "OpenAI",
        "Remove it from one of the two files: the validation would only measure memory.",
    ),
    Rule(
        "D08b",
        W,
        "No validation example nearly repeats one of the training file.",
        "OpenAI",
        "Remove it from one of the two files: the validation would partly measure memory.",
    ),
    Rule(
        "D09",
        E,
        "No example or prompt is in a file that the manifest holds out.",
        "TuneDrop",
        "Remove it from the dataset: what is to judge the model must be new to it.",
    ),
    Rule(
        "D09b",
        E,
        "Files that the manifest holds out are there and hold examples only.",
        "TuneDrop",
        "Upload the file before the dataset, mend it, or take it out of held_out.",
    ),
    Rule(
        "D17",
        E,
        "Training costs no more than the manifest's budget.",
        "TuneDrop",
        "Drop fewer or shorter examples, train fewer epochs, or raise the budget.",
    ),
    Rule(
        "D18",
        N,
        "Training ends within 48 hours, after which a run is given up (estimated).",
        "TuneDrop",
        "Train fewer epochs, or drop fewer examples.",
    ),
    Rule(
        "D17b",
        W,
        "A budget can be compared.",
        "TuneDrop",
        "Set PRICE_PER_1000_TRAINING_TOKENS for the app; for the managed route GPU_TRAINING_PER_HOUR.",
    ),
)

MANIFEST_RULES = (
    Rule("M01", E, "The manifest is YAML with `key: value` lines.", "TuneDrop", "See docs/dataset.md."),
    Rule("M02", E, "The manifest has only known keys, each once.", "TuneDrop", "See docs/dataset.md."),
    Rule(
        "M03",
        E,
        "The manifest asks only for what can be set.",
        "Azure ML",
        "Remove the key; some can be set for other base models.",
    ),
    Rule("M04", E, "A value has its type and lies within its bounds.", "Azure ML", "See docs/dataset.md."),
    Rule("M05", E, "The base model is known and can be fine-tuned today.", "Azure ML", "Choose another one."),
    Rule(
        "M06", E, "The manifest's name ends with .yaml.", "TuneDrop", "Name it .yaml, or remove what is not meant."
    ),
)

SCREENING_RULES = (
    Rule(
        "S01",
        E,
        "No text is harmful: severity 4 or more of the assistant, 6 or more of others.",
        "Azure AI Content Safety",
        "Remove the example; data that trains safety may name the category in allow_harm.",
    ),
    Rule(
        "S01b",
        W,
        "No text is close to harmful: severity 2 or more.",
        "Azure AI Content Safety",
        "Read the example; remove it where the model shall not speak like this.",
    ),
    Rule(
        "S02",
        N,
        "Harm that the manifest allows is counted, and its owner is named.",
        "TuneDrop",
        "Nothing to do; ask the owner.",
    ),
    Rule(
        "S07",
        N,
        "No answer holds what others have published (looked for where the manifest asks for it).",
        "Azure AI Content Safety",
        "Find out whether you may use it; else remove the example.",
    ),
)

RULES = (*FILE_RULES, *EXAMPLE_RULES, *DATASET_RULES, *TEXT_RULES, *MANIFEST_RULES, *SCREENING_RULES)
