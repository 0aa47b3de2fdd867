export type { Report, ReportDomain, SignedReport } from "./SignedReport.ts";
export { hashReport, recoverReporter } from "./reportTypedData.ts";
export { signReport, type ReportSigner, type SignReportParameters } from "./signReport.ts";
export { sortReports } from "./sortReports.ts";
