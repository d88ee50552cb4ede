import { timerStep } from "../measure.js";
import { probe } from "./probe.js";

Object.assign(globalThis, { probe, timerStep });
