import { fileView } from "./file/file_view.ts";
import { frameView } from "./frame_view.ts";
import { remoteView } from "./remote/remote_view.ts";
import type { ViewTable } from "./view.ts";

/** What went over a wire, and who is at its other end: no node of ours is asked. */
export const WIRE_VIEWS: ViewTable = { frame: frameView, file: fileView, remote: remoteView };
