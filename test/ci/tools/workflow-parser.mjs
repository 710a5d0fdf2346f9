// SPDX-License-Identifier: Apache-2.0

// Runs GitHub's own parser on workflows and action files, and prints what is
// wrong with each. Exit 1: something is.
import fs from "node:fs";
import {parseWorkflow, NoOperationTraceWriter} from "@actions/workflow-parser";
import {parseAction} from "parser/actions/action-parser.js";

let wrong = 0;
for (const name of process.argv.slice(2)) {
  const file = {name, content: fs.readFileSync(name, "utf8")};
  const parse = /(^|\/)action\.ya?ml$/.test(name) ? parseAction : parseWorkflow;
  const {context, value} = parse(file, new NoOperationTraceWriter());
  for (const e of context.errors.getErrors()) {
    console.log(`${name}: ${e.message}`);
    wrong++;
  }
  if (value === undefined && context.errors.count === 0) {
    console.log(`${name}: empty`);
    wrong++;
  }
}
process.exit(wrong > 0 ? 1 : 0);
