// @ts-check
// The Grafana dashboard, typed with @grafana/schema. `npm run generate --workspace armful-grafana` writes armful.json beside
// this file. With --check it writes nothing, and fails if armful.json is not up to date.
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
 * @typedef {{ width?: number, unit?: string, max?: number, stacked?: boolean, thresholds?: Thresholds, description: string }} PanelOptions
 */

/** @type {DataSourceRef} */
const datasource = { type: "prometheus", uid: "${datasource}" };
const HEIGHT = 8;
const STAT_HEIGHT = 4;
const SELECTED_INSTANCES = '{instance=~"$instance"}';

/** @param {string} labels @returns {string} */
const withLabels = (labels) => `{instance=~"$instance", ${labels}}`;

/** @param {number} q @param {string} metric @param {string} [by] */
const quantile = (q, metric, by = "") =>
  `histogram_quantile(${q}, sum by (${by ? `${by}, ` : ""}le) (rate(${metric}_bucket${SELECTED_INSTANCES}[$__rate_interval])))`;

/** @param {string} selector @param {string} [by] */
const rate = (selector, by) => `sum${by ? ` by (${by})` : ""} (rate(${selector}[$__rate_interval]))`;

/** @param {number[]} steps The values above which the panel turns orange and red. @returns {Thresholds} */
const above = ([warning, critical]) => ({
  mode: ThresholdsMode.Absolute,
  steps: [
    { color: "green", value: null },
    ...(warning === undefined ? [] : [{ color: "orange", value: warning }]),
    ...(critical === undefined ? [] : [{ color: "red", value: critical }]),
  ],
});

/** @param {[string, string][]} queries Expressions and their legends. @returns {Query[]} */
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

/** @param {string} title @param {[string, string][]} queries @param {PanelOptions} look @returns {Panel} */
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

/** @param {string} title @param {string} expr @param {PanelOptions} look @returns {Panel} */
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

const requests = `ab_testing_requests_total${SELECTED_INSTANCES}`;
const failed = `ab_testing_requests_total${withLabels('status_code=~"5.."')}`;
const rejected = `ab_testing_requests_total${withLabels('status_code="503"')}`;
const selections = `ab_testing_variant_selections_total${SELECTED_INSTANCES}`;
const LATENCY = "ab_testing_request_duration_seconds";
const COMMIT = "armful_commit_duration_seconds";
const selectLatency = (/** @type {number} */ q) =>
  `histogram_quantile(${q}, sum by (le) (rate(${LATENCY}_bucket${withLabels('endpoint="/variants/select"')}[$__rate_interval])))`;

const panels = [
  stat("Selections", rate(selections), { unit: "reqps", description: "Selections per second." }),
  stat("Updates", rate(`armful_commit_updates_sum${SELECTED_INSTANCES}`), {
    unit: "ops",
    description: "Performance updates committed per second.",
  }),
  stat("5xx responses", `(${rate(failed)} or vector(0)) / ${rate(requests)}`, {
    unit: "percentunit",
    thresholds: above([0.001, 0.01]),
    description: "Share of requests with a 5xx response.",
  }),
  stat("Engagement rate", `avg(posts_engagement_rate${SELECTED_INSTANCES})`, {
    unit: "percentunit",
    description: "Successes per impression, over all active variants.",
  }),
  stat("Active experiments", `max(ab_testing_active_experiments_count${SELECTED_INSTANCES})`, {
    description: "Number of active experiments.",
  }),
  stat("Uptime", `min(ab_testing_api_uptime${SELECTED_INSTANCES})`, {
    unit: "s",
    description: "Time since the service started.",
  }),

  row("Requests"),
  graph("Requests by endpoint", [[rate(requests, "method, endpoint"), "{{method}} {{endpoint}}"]], {
    unit: "reqps",
    stacked: true,
    description: "Requests per second.",
  }),
  graph("Requests by status", [[rate(requests, "status_code"), "{{status_code}}"]], {
    unit: "reqps",
    stacked: true,
    description: "Requests per second. 503: rejected, clients should retry. Other 5xx: see the log.",
  }),
  graph(
    "Latency of /variants/select",
    [
      [selectLatency(0.5), "median"],
      [selectLatency(0.95), "p95"],
      [selectLatency(0.99), "p99"],
    ],
    { unit: "s", description: "Response time of selections, measured in the service." },
  ),
  graph("Latency by endpoint (p95)", [[quantile(0.95, LATENCY, "endpoint"), "{{endpoint}}"]], {
    unit: "s",
    description: "Response time that 95 % of the requests do not exceed.",
  }),
  graph("Selections by algorithm", [[rate(selections, "algorithm"), "{{algorithm}}"]], {
    unit: "reqps",
    stacked: true,
    description: "Selections per second.",
  }),
  graph("Selections by persona", [[`topk(10, ${rate(selections, "persona_id")})`, "{{persona_id}}"]], {
    unit: "reqps",
    description: "The ten personas with the most selections. All personas beyond the first hundred count as 'other'.",
  }),

  row("Sampling and commits"),
  graph(
    "Sampling time",
    [
      [quantile(0.5, "ab_testing_thompson_sampling_duration_seconds"), "median"],
      [quantile(0.99, "ab_testing_thompson_sampling_duration_seconds"), "p99"],
    ],
    { unit: "s", description: "Duration of Thompson sampling for one selection." },
  ),
  graph(
    "Commit duration",
    [
      [quantile(0.5, COMMIT), "median"],
      [quantile(0.99, COMMIT), "p99"],
    ],
    {
      unit: "s",
      description: "Duration of a commit of updates. Updates that are not committed within 1.8 s are rejected.",
    },
  ),
  graph(
    "Updates per commit",
    [
      [
        `${rate(`armful_commit_updates_sum${SELECTED_INSTANCES}`)} / ${rate(`armful_commit_updates_count${SELECTED_INSTANCES}`)}`,
        "mean",
      ],
    ],
    { description: "Updates that are waiting at the same time share a commit, so the number grows with the load." },
  ),
  graph(
    "Update queue",
    [
      [`sum(armful_queue_updates${SELECTED_INSTANCES})`, "waiting"],
      [`sum(armful_queue_limit${SELECTED_INSTANCES})`, "limit"],
    ],
    { description: "Updates waiting for a commit. Updates beyond the limit are rejected." },
  ),
  graph("Rejected requests", [[`${rate(rejected, "endpoint")}`, "{{endpoint}}"]], {
    unit: "reqps",
    description: "Requests per second with a 503 response. Nothing was counted for them; clients can retry safely.",
  }),
  graph("Replication lag", [[`armful_behind_seconds${SELECTED_INSTANCES}`, "{{instance}}"]], {
    unit: "s",
    description: "How far the slowest worker's copy of the variants lags behind the database.",
  }),

  row("Workers and database"),
  stat("Database up", `min(armful_database_up${SELECTED_INSTANCES})`, {
    // Red below 1.
    thresholds: {
      mode: ThresholdsMode.Absolute,
      steps: [
        { color: "red", value: null },
        { color: "green", value: 1 },
      ],
    },
    description: "1 if PostgreSQL responds to all instances.",
  }),
  stat("Database started", `max(armful_database_start_time_seconds${SELECTED_INSTANCES}) * 1000`, {
    unit: "dateTimeFromNow",
    description: "Last start of PostgreSQL.",
  }),
  stat("Database size", `max(armful_database_size_bytes${SELECTED_INSTANCES})`, {
    unit: "bytes",
    description: "Disk space that the database uses.",
  }),
  stat("Workers", `sum(armful_workers${SELECTED_INSTANCES})`, { description: "Number of worker processes." }),
  stat("Variants", `max(armful_variants${SELECTED_INSTANCES})`, {
    description: "Number of variants that can be selected.",
  }),
  stat(
    "Free disk space",
    `min(armful_disk_free_bytes${SELECTED_INSTANCES} / armful_disk_size_bytes${SELECTED_INSTANCES})`,
    {
      unit: "percentunit",
      thresholds: {
        mode: ThresholdsMode.Absolute,
        steps: [
          { color: "red", value: null },
          { color: "orange", value: 0.05 },
          { color: "green", value: 0.2 },
        ],
      },
      description: "Free share of the disk with the data folder.",
    },
  ),
  graph(
    "Pool connections",
    [
      [`armful_pool_connections${SELECTED_INSTANCES}`, "{{instance}} open"],
      [`armful_pool_connections_idle${SELECTED_INSTANCES}`, "{{instance}} idle"],
    ],
    {
      description:
        "Pooled connections of all workers of an instance. Commits and the change feed use connections of their own.",
    },
  ),
  graph(
    "Database connections",
    [
      [`max(armful_database_connections${SELECTED_INSTANCES})`, "open"],
      [`max(armful_database_connections_limit${SELECTED_INSTANCES})`, "limit"],
    ],
    { description: "All connections to PostgreSQL, including those of other clients." },
  ),
  graph("Free disk space over time", [[`armful_disk_free_bytes${SELECTED_INSTANCES}`, "{{instance}} free"]], {
    unit: "bytes",
    description: "Free space on the disk with the data folder.",
  }),

  row("Experiments"),
  graph(
    "Participants",
    [[`max by (experiment_id) (ab_testing_experiment_participants${SELECTED_INSTANCES})`, "{{experiment_id}}"]],
    {
      width: 12,
      description: "Distinct participants; impressions, if events name no participants.",
    },
  ),
  graph(
    "Sample ratio mismatch (SRM)",
    [[`max by (experiment_id) (armful_experiment_sample_ratio_alarm${SELECTED_INSTANCES})`, "{{experiment_id}}"]],
    {
      width: 12,
      max: 1,
      description:
        "1: the traffic is not split as planned. Do not rely on the experiment's results until the cause is found.",
    },
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
  description: "Selections, updates, latencies, database and experiments of armful.",
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
    "deploy/grafana/dashboards/armful.json is out of date. Run: npm run generate --workspace armful-grafana",
  );
  process.exit(1);
}
