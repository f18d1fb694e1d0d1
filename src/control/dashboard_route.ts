import type { ControlResponse } from "./http_types.ts";
import { STATUS } from "./responses.ts";

/** The dashboard. Loaded for the first who asks: nobody else needs it in memory. */
export async function answerDashboard(): Promise<ControlResponse> {
  const { DASHBOARD_PAGE, DASHBOARD_POLICY } = await import("./generated/dashboard_page.ts");
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": DASHBOARD_POLICY,
    "referrer-policy": "no-referrer",
  };
  return { status: STATUS.ok, headers, body: DASHBOARD_PAGE };
}
