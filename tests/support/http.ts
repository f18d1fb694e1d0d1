import { type IncomingMessage, request, type RequestOptions } from "node:http";
import { within } from "./wait.ts";

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** One request over its own connection: by `socketPath`, or by host and port. */
export async function ask(options: RequestOptions, body?: string): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const asked = request({ ...options, agent: false }, (response: IncomingMessage) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => text += chunk);
    response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
    response.on("error", reject);
  });
  asked.on("error", reject);
  asked.end(body);
  return await within(`answer to ${options.method ?? "GET"} ${options.path ?? "/"}`, promise);
}
