export { triggerOf, type OrderTerms, type SignedOrder } from "./SignedOrder.ts";
export { formatSignedOrder, parseSignedOrder } from "./orderText.ts";
export { hashSignedOrder, orderTypedData, type OrderDomain } from "./orderTypedData.ts";
export { signOrder, type OrderSigner, type SignOrderParameters } from "./signOrder.ts";
export { splitOrder, type SplitOrderOptions } from "./splitOrder.ts";
