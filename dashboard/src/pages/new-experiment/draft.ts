import type { StartRequest } from "armful-client";

/** A variant of the experiment; `percent` and `floor` are as the user typed them. */
export interface ChosenVariant {
  variant_id: string;
  percent: string;
  /** The minimum traffic under adaptive allocation, in percent; empty for the service's default. */
  floor?: string;
}

/** What a metric may measure, in the order of the form. */
export const METRIC_KINDS = {
  conversion: { label: "participants that convert", type: "binary", unit: "participant" },
  number: { label: "number per participant", type: "number", unit: "participant" },
  successes: { label: "successes per impression", type: "binary", unit: "impression" },
  "number-per-impression": { label: "number per impression", type: "number", unit: "impression" },
} as const;

export type MetricKind = keyof typeof METRIC_KINDS;

/** What a metric measures; `quantile` is where its values are limited, in percent, empty for no limit. */
export interface MetricDeclaration {
  kind: MetricKind;
  goal: "increase" | "decrease";
  quantile: string;
}

export const UNDECLARED: MetricDeclaration = { kind: "conversion", goal: "increase", quantile: "" };

/** The values of the new-experiment form, as the user typed them. */
export interface ExperimentDraft {
  name: string;
  description: string;
  variants: ChosenVariant[];
  control: string | null;
  adaptive: boolean;
  persona: string;
  metrics: string;
  /** Guardrail metrics, separated by commas. */
  mustNotIncrease: string;
  mustNotDecrease: string;
  /** What metrics measure, by name. Names that the draft no longer has are ignored. */
  declarations: Record<string, MetricDeclaration>;
  days: string;
  plannedParticipants: string;
  /** Whether to recommend a leading variant once its expected loss is at most `acceptedLoss` percent of its rate. */
  hasShippingRule: boolean;
  acceptedLoss: string;
  ruleMinimumDays: string;
  ruleMinimumImpressions: string;
  attributionDays: string;
  excludeUnresolved: boolean;
  namespace: string;
  namespaceFrom: string;
  namespaceTo: string;
  salt: string;
}

export const EMPTY_DRAFT: ExperimentDraft = {
  name: "",
  description: "",
  variants: [],
  control: null,
  adaptive: false,
  persona: "",
  metrics: "conversion",
  mustNotIncrease: "",
  mustNotDecrease: "",
  declarations: {},
  days: "14",
  plannedParticipants: "",
  hasShippingRule: false,
  acceptedLoss: "1",
  ruleMinimumDays: "7",
  ruleMinimumImpressions: "100",
  attributionDays: "",
  excludeUnresolved: false,
  namespace: "",
  namespaceFrom: "0",
  namespaceTo: "100",
  salt: "",
};

/** Split the traffic as evenly as percentages with two decimals allow, so that they add up to 100. */
export function splitEvenly(ids: string[]): ChosenVariant[] {
  const hundredths = 10_000;
  const each = Math.floor(hundredths / ids.length);
  return ids.map((variant_id, i) => ({
    variant_id,
    percent: String((each + (i < hundredths - each * ids.length ? 1 : 0)) / 100),
  }));
}

const splitAtCommas = (text: string) =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);

/** The names of the success metrics. */
export const successMetrics = (draft: ExperimentDraft) => splitAtCommas(draft.metrics);

/** The names of all metrics, success metrics first. */
export const metricNames = (draft: ExperimentDraft) => [
  ...new Set([draft.metrics, draft.mustNotIncrease, draft.mustNotDecrease].flatMap(splitAtCommas)),
];

const isWholeNumber = (text: string, min: number, max: number) => {
  const value = Number(text);
  return text.trim() !== "" && Number.isInteger(value) && value >= min && value <= max;
};

const MAX_DAYS = 3650;

type FieldWithErrors =
  | "name"
  | "variants"
  | "floors"
  | "persona"
  | "metrics"
  | "guardrails"
  | "declarations"
  | "days"
  | "plannedParticipants"
  | "acceptedLoss"
  | "ruleMinimumDays"
  | "ruleMinimumImpressions"
  | "attributionDays"
  | "namespaceRange";

/** An error message for each invalid field. */
export type DraftErrors = Partial<Record<FieldWithErrors, string>>;

/** The fields that the form shows among its advanced settings. */
export const ADVANCED_FIELDS: readonly FieldWithErrors[] = [
  "floors",
  "acceptedLoss",
  "ruleMinimumDays",
  "ruleMinimumImpressions",
  "attributionDays",
  "namespaceRange",
];

export function validateDraft(draft: ExperimentDraft): DraftErrors {
  const errors: DraftErrors = {};
  if (draft.name.trim() === "") errors.name = "Enter a name.";
  const total = draft.variants.reduce((sum, { percent }) => sum + Number(percent), 0);
  if (draft.variants.length < 2) errors.variants = "Choose at least two variants.";
  else if (draft.variants.some(({ percent }) => !(Number(percent) > 0))) {
    errors.variants = "Each variant needs a traffic share above 0 %.";
  } else if (Math.abs(total - 100) > 1e-4) {
    errors.variants = `The traffic shares add up to ${Number(total.toFixed(2))} %, not 100 %.`;
  }
  if (draft.adaptive) {
    const floors = draft.variants.map(({ floor }) => Number(floor ?? ""));
    const sum = floors.reduce((all, floor) => all + floor, 0);
    if (floors.some((floor) => !(floor >= 0))) errors.floors = "Minimum traffic must be a percentage, or empty.";
    else if (sum > 100) {
      errors.floors = `The minimum traffic adds up to ${Number(sum.toFixed(2))} %, which is more than 100 %.`;
    }
  }
  if (draft.persona.trim() === "") errors.persona = "Enter a persona.";
  if (splitAtCommas(draft.metrics).length === 0) errors.metrics = "Enter a success metric.";
  const names = [draft.metrics, draft.mustNotIncrease, draft.mustNotDecrease].flatMap(splitAtCommas);
  const duplicate = names.find((name, i) => names.indexOf(name) < i);
  if (duplicate !== undefined) {
    errors.guardrails = `“${duplicate}” appears twice among the success and guardrail metrics.`;
  }
  const declared = metricNames(draft).map((name) => ({ name, ...(draft.declarations[name] ?? UNDECLARED) }));
  const unlimited = declared.find(
    ({ kind, quantile }) =>
      METRIC_KINDS[kind].type === "number" &&
      quantile.trim() !== "" &&
      !(Number(quantile) > 0 && Number(quantile) <= 100),
  );
  const notAdaptive = declared.find(({ kind }) => draft.adaptive && kind !== "conversion");
  if (unlimited !== undefined) {
    errors.declarations = `The quantile at which “${unlimited.name}” is limited must be above 0 % and at most 100 %, or empty.`;
  } else if (notAdaptive !== undefined) {
    errors.declarations = `“${notAdaptive.name}” must count participants that convert if the traffic is adaptive.`;
  } else if (draft.adaptive && declared[0]?.goal === "decrease") {
    errors.declarations = `“${declared[0].name}” must be better if higher if the traffic is adaptive.`;
  }
  if (!isWholeNumber(draft.days, 1, MAX_DAYS)) errors.days = `Enter a whole number of days from 1 to ${MAX_DAYS}.`;
  if (draft.plannedParticipants !== "" && !isWholeNumber(draft.plannedParticipants, 1, Number.MAX_SAFE_INTEGER)) {
    errors.plannedParticipants = "Enter a whole number, or leave it empty.";
  }
  if (draft.hasShippingRule) {
    const loss = Number(draft.acceptedLoss);
    if (!(loss > 0 && loss <= 100)) errors.acceptedLoss = "The accepted loss must be above 0 % and at most 100 %.";
    const days = Number(draft.ruleMinimumDays);
    if (draft.ruleMinimumDays.trim() === "" || !(days >= 0 && days <= MAX_DAYS)) {
      errors.ruleMinimumDays = `Enter a number of days from 0 to ${MAX_DAYS}.`;
    }
    if (!isWholeNumber(draft.ruleMinimumImpressions, 1, Number.MAX_SAFE_INTEGER)) {
      errors.ruleMinimumImpressions = "Enter a whole number of impressions.";
    }
  }
  if (draft.attributionDays !== "" && !isWholeNumber(draft.attributionDays, 1, MAX_DAYS)) {
    errors.attributionDays = `Enter a whole number of days from 1 to ${MAX_DAYS}, or leave it empty.`;
  } else if (draft.excludeUnresolved && draft.attributionDays === "") {
    errors.attributionDays = "To exclude impressions until their window has passed, enter the window in days.";
  }
  if (draft.namespace.trim() !== "") {
    const [from, to] = [Number(draft.namespaceFrom), Number(draft.namespaceTo)];
    if (!(from >= 0 && from < to && to <= 100)) {
      errors.namespaceRange = "“From” must be lower than “To”, and both must be between 0 and 100 %.";
    }
  }
  return errors;
}

/** A metric for the request: its name alone if it is as the service assumes. */
function metricOf(name: string, { kind, goal, quantile }: MetricDeclaration) {
  const { type, unit } = METRIC_KINDS[kind];
  if (kind === "conversion" && goal === "increase") return name;
  const limit = type === "number" && quantile.trim() !== "" ? { winsorize: Number(quantile) / 100 } : {};
  return { name, type, unit, goal, ...limit };
}

/** A guardrail for the request: its name alone if it must not increase and is as the service assumes. */
function guardrailOf(name: string, harm: "increase" | "decrease", { kind, quantile }: MetricDeclaration) {
  if (kind === "conversion") return harm === "increase" ? name : { name, harm };
  const { type, unit } = METRIC_KINDS[kind];
  const limit = type === "number" && quantile.trim() !== "" ? { winsorize: Number(quantile) / 100 } : {};
  return { name, harm, type, unit, ...limit };
}

/** The request that starts the experiment, or saves it as a draft. */
export function toStartRequest(draft: ExperimentDraft, { asDraft = false } = {}): StartRequest {
  const floors = draft.variants.filter(({ floor }) => floor !== undefined && floor.trim() !== "");
  const declaration = (name: string) => draft.declarations[name] ?? UNDECLARED;
  const guardrails = [
    ...splitAtCommas(draft.mustNotIncrease).map((name) => guardrailOf(name, "increase", declaration(name))),
    ...splitAtCommas(draft.mustNotDecrease).map((name) => guardrailOf(name, "decrease", declaration(name))),
  ];
  const namespace = draft.namespace.trim();
  return {
    experiment_name: draft.name.trim(),
    variant_ids: draft.variants.map(({ variant_id }) => variant_id),
    traffic_allocation: draft.variants.map(({ percent }) => Number(percent) / 100),
    target_persona: draft.persona.trim(),
    success_metrics: successMetrics(draft).map((name) => metricOf(name, declaration(name))),
    duration_days: Number(draft.days),
    ...(draft.description.trim() === "" ? {} : { description: draft.description.trim() }),
    ...(draft.plannedParticipants === "" ? {} : { min_sample_size: Number(draft.plannedParticipants) }),
    ...(draft.control === null ? {} : { control_variant_id: draft.control }),
    ...(draft.adaptive ? { allocation: "thompson" as const } : {}),
    ...(draft.adaptive && floors.length > 0
      ? { floors: Object.fromEntries(floors.map(({ variant_id, floor }) => [variant_id, Number(floor) / 100])) }
      : {}),
    ...(guardrails.length === 0 ? {} : { guardrail_metrics: guardrails }),
    ...(draft.hasShippingRule
      ? {
          stop_rule: {
            loss_threshold: Number(draft.acceptedLoss) / 100,
            minimum_days: Number(draft.ruleMinimumDays),
            minimum_sample: Number(draft.ruleMinimumImpressions),
          },
        }
      : {}),
    ...(draft.attributionDays === "" ? {} : { attribution_days: Number(draft.attributionDays) }),
    ...(draft.excludeUnresolved ? { unresolved: "pending" as const } : {}),
    ...(namespace === ""
      ? {}
      : {
          namespace,
          namespace_range: [Number(draft.namespaceFrom) / 100, Number(draft.namespaceTo) / 100] as [number, number],
        }),
    ...(draft.salt.trim() === "" ? {} : { salt: draft.salt.trim() }),
    ...(asDraft ? { draft: true } : {}),
  };
}
