/** One field of a request that does not fit. */
export interface FieldError {
  field: string;
  message: string;
}

/** Why a request failed: armful's own words, or status 0 where armful could not be reached. */
export class ArmfulError extends Error {
  override name = "ArmfulError";

  constructor(
    /** The HTTP status; 0 where there was no answer. */
    readonly status: number,
    /** A sentence a caller can act on. */
    readonly detail: string,
    readonly errors: readonly FieldError[] = [],
    /** Seconds to wait before trying again, where armful named them. */
    readonly retryAfter: number | null = null,
  ) {
    super(detail);
  }

  /** The error of an answer that is no success. */
  static of(response: Response, body: unknown): ArmfulError {
    const problem = isProblem(body) ? body : { detail: response.statusText || `armful answered ${response.status}` };
    const seconds = Number(response.headers.get("retry-after"));
    return new ArmfulError(response.status, problem.detail, problem.errors ?? [], seconds || null);
  }

  /** The error of a request that had no answer. */
  static unreachable(cause: unknown): ArmfulError {
    const error = new ArmfulError(0, "armful can't be reached");
    error.cause = cause;
    return error;
  }
}

function isProblem(body: unknown): body is { detail: string; errors?: FieldError[] } {
  return typeof body === "object" && body !== null && "detail" in body && typeof body.detail === "string";
}
