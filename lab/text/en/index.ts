import { channel } from "./channel.js";
import { depth } from "./depth.js";
import { page } from "./page.js";
import { questions } from "./questions.js";
import { race } from "./race.js";
import { speed } from "./speed.js";
import { wrong } from "./wrong.js";

/** All texts in English, in a section for each part of the page. */
export const en = { page, depth, channel, race, wrong, speed, questions };
