// Where a source can be changed by one small mistake, and to what.
import { children, isNode, range, type Node } from "./ast.ts";

/** One change of one place in the body of a function. Offsets are bytes. */
export interface Mutation {
  /** Kind of mistake. */
  operator: string;
  start: number;
  end: number;
  replacement: string;
}

const SWAPS: Record<string, { operator: string; to: string[] }> = {
  "<": { operator: "comparison", to: ["<=", ">="] },
  "<=": { operator: "comparison", to: ["<", ">"] },
  ">": { operator: "comparison", to: [">=", "<="] },
  ">=": { operator: "comparison", to: [">", "<"] },
  "==": { operator: "comparison", to: ["!="] },
  "!=": { operator: "comparison", to: ["=="] },
  "+": { operator: "plus and minus", to: ["-"] },
  "-": { operator: "plus and minus", to: ["+"] },
  "+=": { operator: "plus and minus", to: ["-="] },
  "-=": { operator: "plus and minus", to: ["+="] },
  "*": { operator: "times and divided by", to: ["/"] },
  "/": { operator: "times and divided by", to: ["*"] },
  "%": { operator: "times and divided by", to: ["/"] },
  "*=": { operator: "times and divided by", to: ["/="] },
  "/=": { operator: "times and divided by", to: ["*="] },
  "<<": { operator: "bits", to: [">>"] },
  ">>": { operator: "bits", to: ["<<"] },
  "&": { operator: "bits", to: ["|"] },
  "|": { operator: "bits", to: ["&"] },
  "&=": { operator: "bits", to: ["|="] },
  "|=": { operator: "bits", to: ["&="] },
  "&&": { operator: "and and or", to: ["||"] },
  "||": { operator: "and and or", to: ["&&"] },
};

const NAMES = new Map(
  [
    ["min", "max"],
    ["mulDiv", "mulDivUp"],
    ["fullMulDiv", "fullMulDivUp"],
    ["floorShift", "ceilShift"],
  ].flatMap(([a = "", b = ""]) => [
    [a, b],
    [b, a],
  ]),
);

/** Every mutation of a function's body; `source` is the whole file. */
export function mutations(body: Node, source: Buffer): Mutation[] {
  const found: Mutation[] = [];
  const text = ([start, end]: [number, number]) => source.subarray(start, end).toString("utf8");
  const add = (operator: string, [start, end]: [number, number], replacement: string) =>
    found.push({ operator, start, end, replacement });
  // The end of a statement stands before its semicolon.
  const statement = (node: Node): [number, number] => {
    const [start, end] = range(node);
    const rest = /^\s*;/.exec(source.subarray(end, end + 200).toString("latin1"));
    return [start, end + (rest?.[0].length ?? 0)];
  };

  const visit = (node: Node, field: string): void => {
    switch (node.nodeType) {
      // Inline assembly is left as it is, and a type is not a value.
      case "InlineAssembly":
      case "ArrayTypeName":
      case "ElementaryTypeName":
      case "UserDefinedTypeName":
        return;
      case "BinaryOperation":
      case "Assignment": {
        const left = node.leftExpression ?? node.leftHandSide;
        const right = node.rightExpression ?? node.rightHandSide;
        const sign = node.operator;
        if (isNode(left) && isNode(right) && typeof sign === "string") {
          const swap = SWAPS[sign];
          const between: [number, number] = [range(left)[1], range(right)[0]];
          const at = between[0] + source.subarray(...between).indexOf(sign);
          for (const to of swap?.to ?? []) add(swap?.operator ?? "", [at, at + sign.length], to);
        }
        break;
      }
      case "UnaryOperation": {
        const sub = node.subExpression;
        if (node.operator === "!" && isNode(sub)) add("negation", range(node), text(range(sub)));
        if (node.operator === "-" && isNode(sub)) add("plus and minus", range(node), text(range(sub)));
        break;
      }
      case "Literal":
        if (node.kind === "bool")
          add("true and false", range(node), node.value === "true" ? "false" : "true");
        if (node.kind === "number") {
          const digits = text(range(node));
          if (digits === "0" || digits === "1") add("constant", range(node), digits === "0" ? "1" : "0");
          else {
            add("constant", range(node), `(${digits} + 1)`);
            add("constant", range(node), `(${digits} - 1)`);
          }
        }
        break;
      case "Identifier":
      case "MemberAccess": {
        const name = node.name ?? node.memberName;
        const end = range(node)[1];
        const other = typeof name === "string" ? NAMES.get(name) : undefined;
        if (typeof name === "string" && other !== undefined && field === "expression") {
          add("min and max, up and down", [end - name.length, end], other);
        }
        if (typeof name === "string" && /^[A-Z][A-Z0-9_]+$/.test(name)) {
          add("constant", range(node), `(${text(range(node))} + 1)`);
        }
        break;
      }
      case "Conditional": {
        const { condition, trueExpression, falseExpression } = node;
        if (isNode(condition) && isNode(trueExpression) && isNode(falseExpression)) {
          if (condition.nodeType !== "BinaryOperation") {
            add("negation", range(condition), `!(${text(range(condition))})`);
          }
        }
        break;
      }
      case "IfStatement": {
        const { condition, falseBody, trueBody } = node;
        if (isNode(condition) && condition.nodeType !== "BinaryOperation") {
          if (condition.nodeType !== "UnaryOperation") {
            add("negation", range(condition), `!(${text(range(condition))})`);
          }
        }
        if (isNode(trueBody) && !isNode(falseBody) && onlyReverts(trueBody)) {
          add("refusal left out", statement(node), "{}");
        }
        break;
      }
      case "ExpressionStatement":
        if (field !== "loopExpression" && field !== "initializationExpression") {
          add("statement left out", statement(node), "{}");
        }
        break;
      default:
    }
    for (const { child, field: name } of children(node)) visit(child, name);
  };
  visit(body, "body");
  return found;
}

function onlyReverts(body: Node): boolean {
  if (body.nodeType === "RevertStatement") return true;
  const statements = children(body);
  return (
    body.nodeType === "Block" &&
    statements.length === 1 &&
    statements[0]?.child.nodeType === "RevertStatement"
  );
}
