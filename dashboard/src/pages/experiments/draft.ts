import type { StartRequest } from "armful-client";

/** A variant chosen for an experiment; `percent` is as it was typed. */
export interface ChosenArm {
  variant_id: string;
  percent: string;
}

export interface Draft {
  name: string;
  description: string;
  arms: ChosenArm[];
  control: string | null;
  adaptive: boolean;
  persona: string;
  metrics: string;
  guardrails: string;
  days: string;
  participants: string;
}

export const EMPTY: Draft = {
  name: "",
  description: "",
  arms: [],
  control: null,
  adaptive: false,
  persona: "",
  metrics: "conversion",
  guardrails: "",
  days: "14",
  participants: "",
};

/** Shares that are as even as two decimals of a percent allow, and sum to 100. */
export function evenly(ids: string[]): ChosenArm[] {
  const whole = 10_000;
  const each = Math.floor(whole / ids.length);
  return ids.map((variant_id, i) => ({
    variant_id,
    percent: String((each + (i < whole - each * ids.length ? 1 : 0)) / 100),
  }));
}

const list = (text: string) =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);

/** What keeps a draft from being started, in words, by field. */
export function problems(
  draft: Draft,
): Partial<Record<"name" | "arms" | "persona" | "metrics" | "days" | "participants", string>> {
  const found: ReturnType<typeof problems> = {};
  if (draft.name.trim() === "") found.name = "Give it a name.";
  const total = draft.arms.reduce((sum, { percent }) => sum + Number(percent), 0);
  if (draft.arms.length < 2) found.arms = "Choose at least two variants.";
  else if (draft.arms.some(({ percent }) => !(Number(percent) > 0))) found.arms = "Each variant needs a share above 0.";
  else if (Math.abs(total - 100) > 1e-4) found.arms = `The shares sum to ${Number(total.toFixed(2))} %, not 100 %.`;
  if (draft.persona.trim() === "") found.persona = "Say for whom it is.";
  if (list(draft.metrics).length === 0) found.metrics = "Name what counts as a success.";
  const days = Number(draft.days);
  if (!Number.isInteger(days) || days < 1 || days > 3650) found.days = "A whole number of days, 1 to 3650.";
  const participants = Number(draft.participants);
  if (draft.participants !== "" && (!Number.isInteger(participants) || participants < 1)) {
    found.participants = "A whole number, or nothing.";
  }
  return found;
}

/** What is sent. */
export function request(draft: Draft): StartRequest {
  return {
    experiment_name: draft.name.trim(),
    variant_ids: draft.arms.map(({ variant_id }) => variant_id),
    traffic_allocation: draft.arms.map(({ percent }) => Number(percent) / 100),
    target_persona: draft.persona.trim(),
    success_metrics: list(draft.metrics),
    duration_days: Number(draft.days),
    ...(draft.description.trim() === "" ? {} : { description: draft.description.trim() }),
    ...(draft.participants === "" ? {} : { min_sample_size: Number(draft.participants) }),
    ...(draft.control === null ? {} : { control_variant_id: draft.control }),
    ...(draft.adaptive ? { allocation: "thompson" as const } : {}),
    ...(draft.guardrails.trim() === "" ? {} : { guardrail_metrics: list(draft.guardrails) }),
  };
}
