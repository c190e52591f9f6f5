// @ts-check
// Grafana's dashboard, typed by @grafana/schema. `npm run generate --workspace armful-grafana` writes armful.json beside this
// file; with --check it only says whether that is what it would write.
import { readFileSync, writeFileSync } from "node:fs";
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  DashboardCursorSync,
  LegendDisplayMode,
  PercentChangeColorMode,
  SortOrder,
  StackingMode,
  ThresholdsMode,
  TooltipDisplayMode,
  VariableRefresh,
  VisibilityMode,
  VizOrientation,
  defaultDashboard,
} from "@grafana/schema";
import { format } from "prettier";

/**
 * @import { Dashboard, DataQuery, DataSourceRef, FieldConfig, GraphFieldConfig, Panel, RowPanel, VariableModel } from "@grafana/schema"
 * @import { Options as StatOptions } from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts"
 * @import { Options as TimeSeriesOptions } from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts"
 * @typedef {DataQuery & { expr: string, legendFormat: string, range?: boolean, instant?: boolean }} Query
 * @typedef {FieldConfig<GraphFieldConfig>["thresholds"]} Thresholds
 * @typedef {{ width?: number, unit?: string, max?: number, stacked?: boolean, thresholds?: Thresholds, description: string }} Look
 */

/** @type {DataSourceRef} */
const datasource = { type: "prometheus", uid: "${datasource}" };
const HEIGHT = 8;
const STAT_HEIGHT = 4;
const HERE = '{instance=~"$instance"}';

/** @param {string} labels @returns {string} */
const here = (labels) => `{instance=~"$instance", ${labels}}`;

/** @param {number} q @param {string} metric @param {string} [by] */
const quantile = (q, metric, by = "") =>
  `histogram_quantile(${q}, sum by (${by ? `${by}, ` : ""}le) (rate(${metric}_bucket${HERE}[$__rate_interval])))`;

/** @param {string} selector @param {string} [by] */
const rate = (selector, by) => `sum${by ? ` by (${by})` : ""} (rate(${selector}[$__rate_interval]))`;

/** @param {number[]} steps From which value on it is worth a look, and from which on it is bad. @returns {Thresholds} */
const above = ([warning, bad]) => ({
  mode: ThresholdsMode.Absolute,
  steps: [
    { color: "green", value: null },
    ...(warning === undefined ? [] : [{ color: "orange", value: warning }]),
    ...(bad === undefined ? [] : [{ color: "red", value: bad }]),
  ],
});

/** @param {[string, string][]} queries Expressions with their legends. @returns {Query[]} */
const targets = (queries) =>
  queries.map(([expr, legendFormat], at) => ({
    refId: String.fromCharCode(65 + at),
    datasource,
    expr,
    legendFormat,
    range: true,
  }));

let id = 0;
let x = 0;
let y = 0;

/** @param {number} w @param {number} h */
const place = (w, h) => {
  if (x + w > 24) {
    x = 0;
    y += h;
  }
  const gridPos = { x, y, w, h };
  x += w;
  return gridPos;
};

/** @param {string} title @returns {RowPanel} */
const row = (title) => {
  y += x > 0 ? HEIGHT : 0;
  x = 0;
  const panel = {
    type: /** @type {const} */ ("row"),
    id: ++id,
    title,
    collapsed: false,
    gridPos: { x, y, w: 24, h: 1 },
    panels: [],
  };
  y += 1;
  return panel;
};

/** @param {string} title @param {[string, string][]} queries @param {Look} look @returns {Panel} */
const graph = (title, queries, { width = 8, unit = "short", max, stacked = false, description }) => {
  /** @type {TimeSeriesOptions} */
  const options = {
    legend: { showLegend: true, displayMode: LegendDisplayMode.List, placement: "bottom", calcs: [] },
    tooltip: { mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending },
  };
  /** @type {FieldConfig<GraphFieldConfig>} */
  const defaults = {
    unit,
    min: 0,
    ...(max === undefined ? {} : { max }),
    custom: {
      fillOpacity: stacked ? 40 : 10,
      lineWidth: 1,
      showPoints: VisibilityMode.Never,
      stacking: { mode: stacked ? StackingMode.Normal : StackingMode.None },
    },
  };
  return {
    type: "timeseries",
    id: ++id,
    title,
    description,
    datasource,
    gridPos: place(width, HEIGHT),
    targets: targets(queries).map((query) => ({ ...query })),
    options: { ...options },
    fieldConfig: { defaults: /** @type {FieldConfig} */ (defaults), overrides: [] },
  };
};

/** @param {string} title @param {string} expr @param {Look} look @returns {Panel} */
const stat = (title, expr, { width = 4, unit = "short", thresholds, description }) => {
  /** @type {StatOptions} */
  const options = {
    colorMode: BigValueColorMode.Value,
    graphMode: BigValueGraphMode.Area,
    justifyMode: BigValueJustifyMode.Auto,
    textMode: BigValueTextMode.Auto,
    orientation: VizOrientation.Auto,
    wideLayout: true,
    showPercentChange: false,
    percentChangeColorMode: PercentChangeColorMode.Standard,
    reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
  };
  return {
    type: "stat",
    id: ++id,
    title,
    description,
    datasource,
    gridPos: place(width, STAT_HEIGHT),
    targets: targets([[expr, ""]]).map((query) => ({ ...query })),
    options: { ...options },
    fieldConfig: { defaults: { unit, ...(thresholds === undefined ? {} : { thresholds }) }, overrides: [] },
  };
};

const requests = `ab_testing_requests_total${HERE}`;
const failed = `ab_testing_requests_total${here('status_code=~"5.."')}`;
const refused = `ab_testing_requests_total${here('status_code="503"')}`;
const selections = `ab_testing_variant_selections_total${HERE}`;
const LATENCY = "ab_testing_request_duration_seconds";
const COMMIT = "armful_commit_duration_seconds";
const selectLatency = (/** @type {number} */ q) =>
  `histogram_quantile(${q}, sum by (le) (rate(${LATENCY}_bucket${here('endpoint="/variants/select"')}[$__rate_interval])))`;

const panels = [
  stat("Selections", rate(selections), { unit: "reqps", description: "Selections made a second." }),
  stat("Updates", rate(`armful_commit_updates_sum${HERE}`), {
    unit: "ops",
    description: "Performance updates committed a second.",
  }),
  stat("5xx", `(${rate(failed)} or vector(0)) / ${rate(requests)}`, {
    unit: "percentunit",
    thresholds: above([0.001, 0.01]),
    description: "Share of requests answered with 5xx.",
  }),
  stat("Engagement rate", `avg(posts_engagement_rate${HERE})`, {
    unit: "percentunit",
    description: "Successes per impression over all active variants.",
  }),
  stat("Active experiments", `max(ab_testing_active_experiments_count${HERE})`, {
    description: "Experiments that are active.",
  }),
  stat("Up for", `min(ab_testing_api_uptime${HERE})`, { unit: "s", description: "Time since the service started." }),

  row("Requests"),
  graph("Requests by endpoint", [[rate(requests, "method, endpoint"), "{{method}} {{endpoint}}"]], {
    unit: "reqps",
    stacked: true,
    description: "Requests answered a second.",
  }),
  graph("Requests by status", [[rate(requests, "status_code"), "{{status_code}}"]], {
    unit: "reqps",
    stacked: true,
    description: "Requests answered a second. 503: refused, to be sent again; other 5xx: look into the log.",
  }),
  graph(
    "Latency of /variants/select",
    [
      [selectLatency(0.5), "half"],
      [selectLatency(0.95), "95 %"],
      [selectLatency(0.99), "99 %"],
    ],
    { unit: "s", description: "So many selections are answered within this time, measured in the service." },
  ),
  graph("Latency by endpoint, 95 %", [[quantile(0.95, LATENCY, "endpoint"), "{{endpoint}}"]], {
    unit: "s",
    description: "Ninety-five requests in a hundred are answered within this time.",
  }),
  graph("Selections by algorithm", [[rate(selections, "algorithm"), "{{algorithm}}"]], {
    unit: "reqps",
    stacked: true,
    description: "Selections made a second.",
  }),
  graph("Selections by persona", [[`topk(10, ${rate(selections, "persona_id")})`, "{{persona_id}}"]], {
    unit: "reqps",
    description: "The ten personas selected for most; beyond the first hundred they are 'other'.",
  }),

  row("Drawing and writing"),
  graph(
    "Time to draw",
    [
      [quantile(0.5, "ab_testing_thompson_sampling_duration_seconds"), "half"],
      [quantile(0.99, "ab_testing_thompson_sampling_duration_seconds"), "99 %"],
    ],
    { unit: "s", description: "Time that Thompson sampling takes for a selection." },
  ),
  graph(
    "Commits",
    [
      [quantile(0.5, COMMIT), "half"],
      [quantile(0.99, COMMIT), "99 %"],
    ],
    { unit: "s", description: "Time of a commit of updates. After 1.8 s its updates are refused." },
  ),
  graph(
    "Updates in a commit",
    [[`${rate(`armful_commit_updates_sum${HERE}`)} / ${rate(`armful_commit_updates_count${HERE}`)}`, "mean"]],
    { description: "Updates that wait together are committed together: the busier, the more." },
  ),
  graph(
    "Queue",
    [
      [`sum(armful_queue_updates${HERE})`, "waiting"],
      [`sum(armful_queue_limit${HERE})`, "limit"],
    ],
    { description: "Updates waiting for a commit; beyond the limit they are refused." },
  ),
  graph("Refused", [[`${rate(refused, "endpoint")}`, "{{endpoint}}"]], {
    unit: "reqps",
    description: "Requests answered with 503 a second: nothing of them was counted, and clients may send them again.",
  }),
  graph("Behind the database", [[`armful_behind_seconds${HERE}`, "{{instance}}"]], {
    unit: "s",
    description: "Age of what the worker furthest behind selects from.",
  }),

  row("Processes and database"),
  stat("Database", `min(armful_database_up${HERE})`, {
    // Red below 1.
    thresholds: {
      mode: ThresholdsMode.Absolute,
      steps: [
        { color: "red", value: null },
        { color: "green", value: 1 },
      ],
    },
    description: "1 where PostgreSQL answers every instance.",
  }),
  stat("Database started", `max(armful_database_start_time_seconds${HERE}) * 1000`, {
    unit: "dateTimeFromNow",
    description: "When PostgreSQL was last started.",
  }),
  stat("Database size", `max(armful_database_size_bytes${HERE})`, {
    unit: "bytes",
    description: "What the database occupies.",
  }),
  stat("Workers", `sum(armful_workers${HERE})`, { description: "Processes that serve." }),
  stat("Variants", `max(armful_variants${HERE})`, { description: "Variants that can be selected." }),
  stat("Free disk", `min(armful_disk_free_bytes${HERE} / armful_disk_size_bytes${HERE})`, {
    unit: "percentunit",
    thresholds: {
      mode: ThresholdsMode.Absolute,
      steps: [
        { color: "red", value: null },
        { color: "orange", value: 0.05 },
        { color: "green", value: 0.2 },
      ],
    },
    description: "Of the data folder's disk.",
  }),
  graph(
    "Connections of the pools",
    [
      [`armful_pool_connections${HERE}`, "{{instance}} open"],
      [`armful_pool_connections_idle${HERE}`, "{{instance}} idle"],
    ],
    { description: "Connections for everything but updates and following, in all workers of an instance." },
  ),
  graph(
    "Connections of the server",
    [
      [`max(armful_database_connections${HERE})`, "open"],
      [`max(armful_database_connections_limit${HERE})`, "limit"],
    ],
    { description: "Connections of PostgreSQL, whoever's they are." },
  ),
  graph("Disk", [[`armful_disk_free_bytes${HERE}`, "{{instance}} free"]], {
    unit: "bytes",
    description: "What is free for the data folder.",
  }),

  row("Experiments"),
  graph("Participants", [[`max by (experiment_id) (ab_testing_experiment_participants${HERE})`, "{{experiment_id}}"]], {
    width: 12,
    description: "Distinct participants where events name them, else impressions.",
  }),
  graph(
    "Traffic not split as planned",
    [[`max by (experiment_id) (armful_experiment_sample_ratio_alarm${HERE})`, "{{experiment_id}}"]],
    { width: 12, max: 1, description: "1: none of the experiment's figures can be trusted until the cause is found." },
  ),
];

/** @type {VariableModel[]} */
const variables = [
  { name: "datasource", type: "datasource", label: "Data source", query: "prometheus" },
  {
    name: "instance",
    type: "query",
    label: "Instance",
    datasource,
    query: { query: 'label_values(up{job="ab-testing-api"}, instance)', refId: "instances" },
    refresh: VariableRefresh.onTimeRangeChanged,
    multi: true,
    includeAll: true,
    allValue: ".*",
    current: { text: "All", value: "$__all" },
  },
];

/** @type {Dashboard} */
const dashboard = {
  ...defaultDashboard,
  uid: "armful",
  title: "armful",
  description: "Selections, updates, latencies, the database and the experiments of armful.",
  tags: ["armful"],
  timezone: "browser",
  editable: true,
  graphTooltip: DashboardCursorSync.Crosshair,
  refresh: "15s",
  time: { from: "now-1h", to: "now" },
  templating: { list: variables },
  panels,
};

const file = new URL("armful.json", import.meta.url);
const text = await format(JSON.stringify(dashboard, null, 2), { parser: "json", printWidth: 120 });
if (!process.argv.includes("--check")) {
  writeFileSync(file, text);
} else if (readFileSync(file, "utf8") !== text) {
  console.error(
    "deploy/grafana/dashboards/armful.json is not what armful.mjs makes: npm run generate --workspace armful-grafana",
  );
  process.exit(1);
}
