import { Armful, ArmfulError } from "armful-client";
import { describe, expect, it } from "vitest";

function answering(respond: (request: Request) => Response | Promise<Response>) {
  const sent: Request[] = [];
  const armful = new Armful({
    baseUrl: "http://armful.test",
    apiKey: "secret",
    fetch: async (request) => {
      sent.push(request);
      return respond(request);
    },
  });
  return { armful, sent };
}

const json = (body: unknown, init?: ResponseInit) =>
  new Response(JSON.stringify(body), { headers: { "content-type": "application/json" }, ...init });

function stream(...parts: string[]): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(encoder.encode(part));
      controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

describe("the client", () => {
  it("presents its key, never in the address, and escapes ids", async () => {
    const { armful, sent } = answering(() => json({ variant_id: "a/b" }));
    expect((await armful.variant("a/b")).variant_id).toBe("a/b");
    expect(sent[0]?.url).toBe("http://armful.test/variants/a%2Fb");
    expect(sent[0]?.headers.get("authorization")).toBe("Bearer secret");
  });

  it("asks for a page of the table by dimension", async () => {
    const { armful, sent } = answering(() => json({ rows: [], matching_count: 0 }));
    await armful.table({ search: "a b", dimensions: { tone: "casual" }, sort: "name", offset: 100 });
    expect(new URL(sent[0]?.url ?? "").search).toBe("?search=a%20b&sort=name&offset=100&dimension.tone=casual");
  });

  it("asks by dimension", async () => {
    const { armful, sent } = answering(() => json({ variants: [], total_count: 0, next_cursor: null }));
    await armful.variants({ tone: "casual", min_impressions: 100 });
    expect(sent[0]?.url).toBe("http://armful.test/variants?tone=casual&min_impressions=100");
  });

  it("rejects with armful's own words", async () => {
    const problem = { title: "Service Unavailable", status: 503, detail: "Nothing was counted" };
    const { armful } = answering(() => json(problem, { status: 503, headers: { "retry-after": "1" } }));
    const error: unknown = await armful.report("v", { impression: true, success: false }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ArmfulError);
    expect(error).toMatchObject({ status: 503, detail: "Nothing was counted", retryAfter: 1 });
  });

  it("says when armful can't be reached", async () => {
    const { armful } = answering(() => Promise.reject(new TypeError("fetch failed")));
    await expect(armful.standings()).rejects.toMatchObject({ status: 0 });
  });

  it("reads events however they are cut into pieces", async () => {
    const tick = (n: number) => `data: {"updates_per_second":${n},"selections_per_second":0,"variants":[]}\n\n`;
    const { armful, sent } = answering(() => stream(tick(1) + "da", tick(2).slice(2), ": comment\n\n", tick(3)));
    const seen: number[] = [];
    for await (const { updates_per_second } of armful.live(["a", "b"])) seen.push(updates_per_second);
    expect(seen).toEqual([1, 2, 3]);
    expect(sent[0]?.url).toBe("http://armful.test/live?variant_id=a&variant_id=b");
  });
});
