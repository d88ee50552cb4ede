import type { Header } from "../../scripts/common/machine.js";
import { plainTable } from "../../scripts/common/markdown.js";
import { type Quotation, verdicts } from "../experiment.js";
import type { Data } from "../run/data.js";
import { duration } from "../run/progress.js";
import type { Entry } from "./report.js";
import { markdownTable } from "./table.js";

export interface About {
  readonly data: Data;
  readonly quick: boolean;
}

/** The report; its charts are in `folder`, beside it. */
export function markdown(entries: readonly Entry[], about: About, where: Header, folder: string): string {
  const sections = entries.map((entry) => section(entry, folder));
  return `${[head(entries, about, where, folder), ...sections, rest].join("\n\n")}\n`;
}

const rest = `## What is not put to the test

Question 3 of the audience, 怎么评价马毅老师的深度学习第一性原理论文来作为白盒理论解释深度学习 (what to think of Yi Ma's paper
that explains deep learning from first principles), asks for an opinion.`;

function head(entries: readonly Entry[], { data, quick }: About, where: Header, folder: string): string {
  const command = `npm run lecture -- ${quick ? "--quick " : ""}--report lecture/results.md`;
  const numberOf = (verdict: string) => entries.filter(({ conclusion }) => conclusion.verdict === verdict).length;
  const overview = entries.map(({ number, experiment, conclusion }) => [
    `${number}`,
    `[${experiment.title}](#${experiment.name})`,
    conclusion.verdict,
    conclusion.summary,
  ]);
  return `# The lecture on batch normalization, put to the test

Written by \`${command}\`.

This library grew from notes of a lecture (Dive into Deep Learning, chapter on batch normalization). Each section takes one of its statements, or a question from its audience, says beforehand what would
refute it, and runs it: on Fashion-MNIST (${data.train.count} training and ${data.test.count} test images), in Node.js, with networks of
TensorFlow.js on its WebAssembly backend whose batch normalization is \`batchnorm-wasm/tfjs\`.

Verdicts: ${verdicts.map((verdict) => `${verdict}, ${numberOf(verdict)}`).join("; ")}.

${plainTable(["", "claim", "verdict", "what decides"], overview)}

"a ± b" is mean and standard deviation over seeds; a seed decides the initial weights, the order of the images and all
other chance. Accuracy is that on the test images unless something else is said. Lines in charts are means, bands reach from
the least to the greatest seed. [results.json](${folder}/results.json) has every trial.

${where.machine}, ${where.system}; ${where.engine}; commit ${where.commit}; ${where.date}; ${quick ? "quick" : "full"} run,
${duration(where.seconds)} of computation on one core.`;
}

function section({ number, experiment, conclusion, trials }: Entry, folder: string): string {
  const { name, title, lecture, claim, refutedBy, method } = experiment;
  const { verdict, summary, discussion = [], tables = [], charts = [] } = conclusion;
  const [first, ...others] = lecture;
  const seconds = trials.reduce((sum, trial) => sum + trial.seconds, 0);
  const parts = [
    `<a id="${name}"></a>`,
    `## ${number}. ${first.zh} · ${first.en}`,
    `${title}. From the lecture's ${first.where}.`,
    ...others.map(quotation),
    [`- **Claim:** ${claim}`, `- **Refuted by:** ${refutedBy}`, `- **Run:** ${method}`].map(oneLine).join("\n"),
    `**${verdict[0].toUpperCase()}${verdict.slice(1)}.** ${summary}`,
    ...charts.map((chart) => `![${chart.alt}](${folder}/${name}-${chart.name}.svg)`),
    ...tables.map(markdownTable),
    ...discussion.map(oneLine),
    `_\`npm run lecture -- --only ${name}\`: ${trials.length} trials, ${duration(seconds)} on one core._`,
  ];
  return parts.join("\n\n");
}

function oneLine(text: string): string {
  return text.replaceAll("\n", " ");
}

function quotation({ zh, en, where }: Quotation): string {
  return `> ${zh}\n> ${en} (${where})`;
}
