// Reads cards as a JSON array, and writes what Microsoft's own library finds wrong with each at version 1.5.
const { readFileSync } = require("node:fs");
const path = require("node:path");
const cards = require(path.resolve("node_modules/adaptivecards/dist/adaptivecards.js"));

function problemsIn(source) {
  const { msteams, ...plain } = source; // Teams' own addition: the library and its schema do not know it
  const context = new cards.SerializationContext(cards.Versions.v1_5);
  const card = new cards.AdaptiveCard();
  card.parse(plain, context);
  const problems = [];
  for (let number = 0; number < context.eventCount; number++) problems.push(context.getEventAt(number).message);
  for (const found of card.validateProperties().validationEvents) problems.push(found.message);
  return { problems, known: card.toJSON(new cards.SerializationContext(cards.Versions.v1_5)), plain };
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(problemsIn)));
