import type { StartRequest } from "armful-client";

/** A variant chosen for an experiment; `percent` and `floor` are as they were typed. */
export interface ChosenArm {
  variant_id: string;
  percent: string;
  /** The least percentage it gets where traffic adapts; empty: armful's own. */
  floor?: string;
}

export interface Draft {
  name: string;
  description: string;
  arms: ChosenArm[];
  control: string | null;
  adaptive: boolean;
  persona: string;
  metrics: string;
  /** Guardrails harmed by an increase, and by a decrease. */
  rising: string;
  falling: string;
  days: string;
  participants: string;
  /** Whether a leader that is safe to ship is named, and when it is: its expected loss in percent of its rate. */
  rule: boolean;
  loss: string;
  ruleDays: string;
  ruleSample: string;
  attribution: string;
  pending: boolean;
  namespace: string;
  from: string;
  to: string;
  salt: string;
}

export const EMPTY: Draft = {
  name: "",
  description: "",
  arms: [],
  control: null,
  adaptive: false,
  persona: "",
  metrics: "conversion",
  rising: "",
  falling: "",
  days: "14",
  participants: "",
  rule: false,
  loss: "1",
  ruleDays: "7",
  ruleSample: "100",
  attribution: "",
  pending: false,
  namespace: "",
  from: "0",
  to: "100",
  salt: "",
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

const whole = (text: string, least: number, most: number) => {
  const value = Number(text);
  return text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most;
};

const MOST_DAYS = 3650;

type Problem =
  | "name"
  | "arms"
  | "floors"
  | "persona"
  | "metrics"
  | "guardrails"
  | "days"
  | "participants"
  | "loss"
  | "ruleDays"
  | "ruleSample"
  | "attribution"
  | "range";

/** Those that are shown among what is folded away. */
export const RARE: readonly Problem[] = ["floors", "loss", "ruleDays", "ruleSample", "attribution", "range"];

/** What keeps a draft from being started, in words, by field. */
export function problems(draft: Draft): Partial<Record<Problem, string>> {
  const found: ReturnType<typeof problems> = {};
  if (draft.name.trim() === "") found.name = "Give it a name.";
  const total = draft.arms.reduce((sum, { percent }) => sum + Number(percent), 0);
  if (draft.arms.length < 2) found.arms = "Choose at least two variants.";
  else if (draft.arms.some(({ percent }) => !(Number(percent) > 0))) found.arms = "Each variant needs a share above 0.";
  else if (Math.abs(total - 100) > 1e-4) found.arms = `The shares sum to ${Number(total.toFixed(2))} %, not 100 %.`;
  if (draft.adaptive) {
    const floors = draft.arms.map(({ floor }) => Number(floor ?? ""));
    const sum = floors.reduce((all, floor) => all + floor, 0);
    if (floors.some((floor) => !(floor >= 0))) found.floors = "A least share is a percentage, or nothing.";
    else if (sum > 100) found.floors = `The least shares sum to ${Number(sum.toFixed(2))} %: at most 100 % are there.`;
  }
  if (draft.persona.trim() === "") found.persona = "Say for whom it is.";
  if (list(draft.metrics).length === 0) found.metrics = "Name what counts as a success.";
  const names = [...list(draft.metrics), ...list(draft.rising), ...list(draft.falling)];
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) found.guardrails = `“${twice}” is named twice among metrics and guardrails.`;
  if (!whole(draft.days, 1, MOST_DAYS)) found.days = `A whole number of days, 1 to ${MOST_DAYS}.`;
  if (draft.participants !== "" && !whole(draft.participants, 1, Number.MAX_SAFE_INTEGER)) {
    found.participants = "A whole number, or nothing.";
  }
  if (draft.rule) {
    const loss = Number(draft.loss);
    if (!(loss > 0 && loss <= 100)) found.loss = "The loss you accept is above 0 % and at most 100 %.";
    const days = Number(draft.ruleDays);
    if (draft.ruleDays.trim() === "" || !(days >= 0 && days <= MOST_DAYS)) found.ruleDays = "A number of days.";
    if (!whole(draft.ruleSample, 1, Number.MAX_SAFE_INTEGER)) found.ruleSample = "A whole number of impressions.";
  }
  if (draft.attribution !== "" && !whole(draft.attribution, 1, MOST_DAYS)) {
    found.attribution = `A whole number of days, 1 to ${MOST_DAYS}, or nothing.`;
  } else if (draft.pending && draft.attribution === "") {
    found.attribution = "To leave impressions open, say for how many days.";
  }
  if (draft.namespace.trim() !== "") {
    const [from, to] = [Number(draft.from), Number(draft.to)];
    if (!(from >= 0 && from < to && to <= 100)) found.range = "The part goes from a lower percentage to a higher one.";
  }
  return found;
}

/** What is sent; `draft` keeps it instead of starting it. */
export function request(draft: Draft, { asDraft = false } = {}): StartRequest {
  const floors = draft.arms.filter(({ floor }) => floor !== undefined && floor.trim() !== "");
  const guardrails = [
    ...list(draft.rising),
    ...list(draft.falling).map((name) => ({ name, harm: "decrease" as const })),
  ];
  const namespace = draft.namespace.trim();
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
    ...(draft.adaptive && floors.length > 0
      ? { floors: Object.fromEntries(floors.map(({ variant_id, floor }) => [variant_id, Number(floor) / 100])) }
      : {}),
    ...(guardrails.length === 0 ? {} : { guardrail_metrics: guardrails }),
    ...(draft.rule
      ? {
          stop_rule: {
            loss_threshold: Number(draft.loss) / 100,
            minimum_days: Number(draft.ruleDays),
            minimum_sample: Number(draft.ruleSample),
          },
        }
      : {}),
    ...(draft.attribution === "" ? {} : { attribution_days: Number(draft.attribution) }),
    ...(draft.pending ? { unresolved: "pending" as const } : {}),
    ...(namespace === ""
      ? {}
      : { namespace, namespace_range: [Number(draft.from) / 100, Number(draft.to) / 100] as [number, number] }),
    ...(draft.salt.trim() === "" ? {} : { salt: draft.salt.trim() }),
    ...(asDraft ? { draft: true } : {}),
  };
}
