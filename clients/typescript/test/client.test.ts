import { Armful, ArmfulError } from "armful-client";
import { describe, expect, it } from "vitest";

/** A client whose requests `respond` answers, and the requests that it has sent. */
function clientWith(respond: (request: Request) => Response | Promise<Response>) {
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

const jsonResponse = (body: unknown, init?: ResponseInit) =>
  new Response(JSON.stringify(body), { headers: { "content-type": "application/json" }, ...init });

function streamResponse(...chunks: string[]): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

describe("the client", () => {
  it("sends its key in a header only, and escapes ids in paths", async () => {
    const { armful, sent } = clientWith(() => jsonResponse({ variant_id: "a/b" }));
    expect((await armful.variant("a/b")).variant_id).toBe("a/b");
    expect(sent[0]?.url).toBe("http://armful.test/variants/a%2Fb");
    expect(sent[0]?.headers.get("authorization")).toBe("Bearer secret");
  });

  it("filters the table by dimension", async () => {
    const { armful, sent } = clientWith(() => jsonResponse({ rows: [], matching_count: 0 }));
    await armful.table({ search: "a b", dimensions: { tone: "casual" }, sort: "name", offset: 100 });
    expect(new URL(sent[0]?.url ?? "").search).toBe("?search=a%20b&sort=name&offset=100&dimension.tone=casual");
  });

  it("filters variants by dimension", async () => {
    const { armful, sent } = clientWith(() => jsonResponse({ variants: [], total_count: 0, next_cursor: null }));
    await armful.variants({ tone: "casual", min_impressions: 100 });
    expect(sent[0]?.url).toBe("http://armful.test/variants?tone=casual&min_impressions=100");
  });

  it("rejects with the service's explanation", async () => {
    const problem = { title: "Service Unavailable", status: 503, detail: "Nothing was counted" };
    const { armful } = clientWith(() => jsonResponse(problem, { status: 503, headers: { "retry-after": "1" } }));
    const error: unknown = await armful.report("v", { impression: true, success: false }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ArmfulError);
    expect(error).toMatchObject({ status: 503, detail: "Nothing was counted", retryAfter: 1 });
  });

  it("rejects with status 0 if armful cannot be reached", async () => {
    const { armful } = clientWith(() => Promise.reject(new TypeError("fetch failed")));
    await expect(armful.standings()).rejects.toMatchObject({ status: 0 });
  });

  it("reads events that are split across chunks", async () => {
    const tick = (n: number) => `data: {"updates_per_second":${n},"selections_per_second":0,"variants":[]}\n\n`;
    const { armful, sent } = clientWith(() =>
      streamResponse(tick(1) + "da", tick(2).slice(2), ": comment\n\n", tick(3)),
    );
    const rates: number[] = [];
    for await (const { updates_per_second } of armful.live(["a", "b"])) rates.push(updates_per_second);
    expect(rates).toEqual([1, 2, 3]);
    expect(sent[0]?.url).toBe("http://armful.test/live?variant_id=a&variant_id=b");
  });
});
