/** Writes a number with `digits` decimals, and with a minus sign as wide as a digit. */
export function decimal(value: number, digits = 2): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const rounded = value.toFixed(digits);
  return Number(rounded) === 0 ? rounded.replace("-", "") : rounded.replace("-", "−");
}

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Writes a number with three digits, and with a power of ten if it is small or large. */
export function figure(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || !Number.isFinite(value)) return decimal(value, 0);
  if (size >= 0.001 && size < 100_000) return String(Number(value.toPrecision(3))).replace("-", "−");
  const [digits, power] = value.toExponential(1).split("e");
  const raised = [...power.replace("+", "")].map((sign) => (sign === "-" ? "⁻" : RAISED[Number(sign)]));
  return `${digits.replace("-", "−").replace(".0", "")}·10${raised.join("")}`;
}

export const percent = (value: number, digits = 1): string => `${(100 * value).toFixed(digits)} %`;
