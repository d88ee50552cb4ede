import type { en } from "../en/index.js";
import { channel } from "./channel.js";
import { depth } from "./depth.js";
import { page } from "./page.js";
import { questions } from "./questions.js";
import { race } from "./race.js";
import { speed } from "./speed.js";
import { wrong } from "./wrong.js";

/** All texts in Chinese. What one lacks, or has beside, does not compile. */
export const zh: typeof en = { page, depth, channel, race, wrong, speed, questions };
