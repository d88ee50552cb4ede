import * as tf from "@tensorflow/tfjs";
import * as adapter from "batchnorm-wasm/tfjs";
import { exerciseTfjs } from "./tfjs-exercise.mjs";

exerciseTfjs(tf, adapter, "cpu").then((line) => console.log(line));
