import type { FieldError, Problem } from "./schema.js";

/** A failed request. Its message is the service's explanation. */
export class ArmfulError extends Error {
  override name = "ArmfulError";

  constructor(
    /** The HTTP status; 0 if armful could not be reached. */
    readonly status: number,
    /** What is wrong, and what to do about it. */
    readonly detail: string,
    /** The invalid fields of the request. */
    readonly errors: readonly FieldError[] = [],
    /** The number of seconds to wait before a retry, if the service asked for that. */
    readonly retryAfter: number | null = null,
  ) {
    super(detail);
  }

  /** The error for a response with an error status. */
  static fromResponse(response: Response, body: unknown): ArmfulError {
    const problem = isProblem(body)
      ? body
      : { detail: response.statusText || `armful responded with status ${response.status}` };
    const seconds = Number(response.headers.get("retry-after"));
    return new ArmfulError(response.status, problem.detail, problem.errors ?? [], seconds || null);
  }

  /** The error for a request without a response. */
  static unreachable(cause: unknown): ArmfulError {
    const error = new ArmfulError(0, "armful cannot be reached");
    error.cause = cause;
    return error;
  }
}

function isProblem(body: unknown): body is Pick<Problem, "detail" | "errors"> {
  return typeof body === "object" && body !== null && "detail" in body && typeof body.detail === "string";
}
