import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { decimal } from "../text/numbers.js";

interface SliderProps {
  readonly label: string;
  readonly value: Signal<number>;
  readonly least: number;
  readonly most: number;
  readonly step: number;
}

export function Slider({ label, value, least, most, step }: SliderProps) {
  const id = useId();
  const shown = decimal(value.value, step < 1 ? 1 : 0);
  return (
    <div class="control">
      <label for={id}>
        {label} <output for={id}>{shown}</output>
      </label>
      <input
        id={id}
        type="range"
        min={least}
        max={most}
        step={step}
        value={value.value}
        onInput={({ currentTarget }) => {
          value.value = currentTarget.valueAsNumber;
        }}
      />
    </div>
  );
}

interface SelectProps<T extends string | number> {
  readonly label: string;
  readonly value: Signal<T>;
  readonly options: readonly T[];
  readonly name?: (option: T) => string;
  readonly onChange?: () => void;
}

export function Select<T extends string | number>({ label, value, options, name = String, onChange }: SelectProps<T>) {
  const id = useId();
  return (
    <div class="control">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={String(value.value)}
        onChange={({ currentTarget }) => {
          value.value = options[currentTarget.selectedIndex];
          onChange?.();
        }}
      >
        {options.map((option) => (
          <option key={option} value={String(option)}>
            {name(option)}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Check({ label, value }: { readonly label: string; readonly value: Signal<boolean> }) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={value.value}
        onChange={({ currentTarget }) => {
          value.value = currentTarget.checked;
        }}
      />
      <span>{label}</span>
    </label>
  );
}

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly onClick: () => void;
  readonly main?: boolean;
  readonly disabled?: boolean;
}

export function Button({ children, onClick, main = false, disabled = false }: ButtonProps) {
  return (
    <button type="button" class={main ? "button main" : "button"} disabled={disabled} onClick={onClick}>
      {children}
    </button>
  );
}

/** A short row of controls that belong together. */
export function Controls({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <fieldset class="controls">
      <legend>{label}</legend>
      {children}
    </fieldset>
  );
}
