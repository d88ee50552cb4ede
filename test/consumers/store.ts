import { writeFileSync } from "node:fs";
import { STORED } from "./expected.js";
import { checkedOutcomes } from "./numbers.js";

/** Writes the numbers that the rows compare with, after comparing them with the reference. */

const outcomes = (await checkedOutcomes()).map((line) => JSON.parse(line.replace("OUTCOME ", "")));
writeFileSync(STORED, `${JSON.stringify(Object.assign({}, ...outcomes), null, 2)}\n`);
