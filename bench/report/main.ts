import { renderPublished } from "./index.js";

await renderPublished();
