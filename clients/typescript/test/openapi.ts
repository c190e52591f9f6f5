import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

interface JsonSchema {
  $ref?: string;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  type?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
}

interface Operation {
  parameters?: { name: string; in: string; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
}

interface OpenApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema> };
}

/** The OpenAPI document that the client's types were generated from. */
const DOCUMENT = JSON.parse(
  readFileSync(join(dirname(fileURLToPath(import.meta.url)), "../dist/openapi.json"), "utf8"),
) as OpenApiDocument;

/** Filters by dimension have a free name, which the document describes in words. */
const FREE_PARAMETERS = /^dimension\./;

/** Everything in a request that the OpenAPI document does not have, or that it requires and the request lacks. */
export async function contractViolations(request: Request): Promise<string[]> {
  const url = new URL(request.url);
  const template = findPath(url.pathname);
  const operation = template === undefined ? undefined : DOCUMENT.paths[template]?.[request.method.toLowerCase()];
  if (operation === undefined) return [`no operation ${request.method} ${url.pathname}`];
  const queryParameters = (operation.parameters ?? []).filter((parameter) => parameter.in === "query");
  const names = new Set(queryParameters.map(({ name }) => name));
  const violations = [
    ...[...url.searchParams.keys()]
      .filter((name) => !names.has(name) && !FREE_PARAMETERS.test(name))
      .map((name) => `no query parameter ${name}`),
    ...queryParameters
      .filter(({ name, required }) => required && !url.searchParams.has(name))
      .map(({ name }) => `missing query parameter ${name}`),
  ];
  const text = await request.text();
  const bodySchema = operation.requestBody?.content["application/json"]?.schema;
  if (text === "") return violations;
  if (bodySchema === undefined) return [...violations, "no request body"];
  return [...violations, ...bodyViolations(bodySchema, JSON.parse(text), "body")];
}

/** The path template that matches; one without parameters wins. */
function findPath(path: string): string | undefined {
  const matches = Object.keys(DOCUMENT.paths).filter((template) =>
    new RegExp(`^${template.replace(/\{\w+\}/g, "[^/]+")}$`).test(path),
  );
  return matches.find((template) => template === path) ?? matches[0];
}

/** Unknown and missing fields of a JSON value. Value ranges are the service's concern. */
function bodyViolations(schema: JsonSchema, value: unknown, at: string): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace("#/components/schemas/", "");
    return bodyViolations(DOCUMENT.components.schemas[name] ?? {}, value, at);
  }
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives !== undefined) {
    const results = alternatives.map((alternative) => bodyViolations(alternative, value, at));
    return results.find((violations) => violations.length === 0) ?? results[0] ?? [];
  }
  if (Array.isArray(value)) {
    if (schema.type !== "array") return [`${at} must not be an array`];
    return value.flatMap((item, i) => bodyViolations(schema.items ?? {}, item, `${at}[${i}]`));
  }
  if (typeof value !== "object" || value === null) return schema.type === "object" ? [`${at} must be an object`] : [];
  if (schema.type !== "object") return [`${at} must not be an object`];
  const properties = schema.properties ?? {};
  const free = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  return [
    ...(schema.required ?? []).filter((name) => !(name in value)).map((name) => `missing field ${at}.${name}`),
    ...Object.entries(value).flatMap(([name, field]) => {
      const fieldSchema = properties[name] ?? free;
      return fieldSchema ? bodyViolations(fieldSchema, field, `${at}.${name}`) : [`no field ${at}.${name}`];
    }),
  ];
}
