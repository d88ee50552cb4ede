/** What a fresh Node process runs: the case and the way of loading are its argument, in JSON. */
import { probe } from "./probe.js";

const [c, how] = JSON.parse(process.argv[2]) as Parameters<typeof probe>;
process.stdout.write(JSON.stringify(await probe(c, how)));
