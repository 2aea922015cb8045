/** The closed list of what administration refuses. */
import { refusals } from "../../values/outcome.ts";

export const refuse = refusals({
  UNKNOWN_COUNTY: {
    status: "FAILED_PRECONDITION",
    zh: "{county} 不是本省已登记的县",
    en: "{county} is not a registered county of the province",
  },
  COUNTY_CHANGED: {
    status: "FAILED_PRECONDITION",
    zh: "机构 {institution} 登记在 {county}，不能改属他县；请登记新机构",
    en: "institution {institution} is registered in {county} and cannot move to another county; register a new one",
  },
  UNKNOWN_SERVICE: { status: "NOT_FOUND", zh: "平台没有服务 {service}", en: "the mesh has no service {service}" },
  UNKNOWN_SERVER: { status: "NOT_FOUND", zh: "平台没有服务器 {server}", en: "the mesh has no server {server}" },
  PAIR_CHANGED: {
    status: "FAILED_PRECONDITION",
    zh: "{service} 已被 {by} 更改为第 {version} 版，您看到的是第 {seen} 版；请重新查看",
    en: "{by} has changed {service} to version {version}, and you have seen {seen}: look again",
  },
  TWIN_DOWN: { status: "FAILED_PRECONDITION", zh: "{twin} 没有应答，不能主用", en: "{twin} does not answer and cannot lead" },
  TWIN_UNFIT: { status: "FAILED_PRECONDITION", zh: "{twin} 不能主用：{fault}", en: "{twin} is not fit to lead: {fault}" },
  TWIN_RESTS: {
    status: "FAILED_PRECONDITION",
    zh: "{twin} 所在服务器正在维护；先恢复该服务器",
    en: "{twin} rests, because its server is drained: resume the server first",
  },
  LEADS_ALREADY: { status: "FAILED_PRECONDITION", zh: "{twin} 已是主用", en: "{twin} leads already" },
  PEER_UNFIT: {
    status: "FAILED_PRECONDITION",
    zh: "另一台服务器现在不能承担 {services}；{server} 不能退出",
    en: "the other server cannot do the work of {services} now: {server} cannot be drained",
  },
  NO_LEAD: { status: "FAILED_PRECONDITION", zh: "{service} 无主备之分，不能切换", en: "{service} has no lead to switch" },
  ALWAYS_DUAL_ACTIVE: {
    status: "FAILED_PRECONDITION",
    zh: "{service} 不存数据，只能双机互备援",
    en: "{service} remembers nothing and is always dual active",
  },
  BAD_TOPOLOGY: {
    status: "FAILED_PRECONDITION",
    zh: "拓扑文件有误，未作任何更改：{faults}",
    en: "this is no valid topology, and nothing was changed: {faults}",
  },
});
