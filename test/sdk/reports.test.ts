import { hashReport, recoverReporter, signReport, sortReports, type Report } from "@usance/sdk";
import { expect } from "chai";
import { encodeAbiParameters, keccak256, stringToHex, toHex, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const report: Report = {
  index: stringToHex("TU1D", { size: 32 }),
  period: 20089,
  revision: 1,
  value: 1000n * 10n ** 18n,
  vintage: keccak256("0x01"),
  deadline: 1_767_225_600n,
};
const place = { chainId: 31337, usageIndex: "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0" } as const;
const reporter = (seed: number) => privateKeyToAccount(toHex(seed, { size: 32 }));

describe("SDK reports", () => {
  it("hashes a report as EIP-712 says", () => {
    const text = (value: string) => keccak256(stringToHex(value));
    const pack = (types: string[], values: unknown[]): Hex =>
      keccak256(
        encodeAbiParameters(
          types.map((type) => ({ type })),
          values,
        ),
      );
    const domain = pack(
      ["bytes32", "bytes32", "bytes32", "uint256", "address"],
      [
        text("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
        text("Usance Index"),
        text("1"),
        31337n,
        place.usageIndex,
      ],
    );
    const struct = pack(
      ["bytes32", "bytes32", "uint32", "uint32", "uint128", "bytes32", "uint64"],
      [
        text(
          "Report(bytes32 index,uint32 period,uint32 revision,uint128 value,bytes32 vintage,uint64 deadline)",
        ),
        report.index,
        report.period,
        report.revision,
        report.value,
        report.vintage,
        report.deadline,
      ],
    );
    expect(hashReport({ ...report, ...place })).to.equal(
      keccak256(`0x1901${domain.slice(2)}${struct.slice(2)}`),
    );
  });

  it("signs compactly and recovers the signer, for both parities", async () => {
    const parities = new Set<boolean>();
    for (let seed = 1; seed <= 12; seed++) {
      const account = reporter(seed);
      const signed = await signReport({ ...report, ...place, account });
      expect(signed.signer).to.equal(account.address);
      expect(signed).to.include({ value: report.value, deadline: report.deadline, vintage: report.vintage });
      expect(signed.r.length + signed.vs.length).to.equal(2 * 66);
      expect(await recoverReporter({ ...report, ...place, ...signed })).to.equal(account.address);
      const elsewhere = { ...report, ...place, ...signed, chainId: 1 };
      expect(await recoverReporter(elsewhere)).not.to.equal(account.address);
      parities.add(BigInt(signed.vs) >> 255n === 1n);
    }
    expect(parities.size).to.equal(2);
  });

  it("orders reports by the number that their signer's address is", () => {
    const signers = ["0xB0", "0xa1", "0x0C", "0xaB"].map((end) => ({
      signer: `0x${end.slice(2).padStart(40, "0")}` as const,
    }));
    const given = [...signers];
    expect(sortReports(signers).map(({ signer }) => signer.slice(-2))).to.deep.equal([
      "0C",
      "a1",
      "aB",
      "B0",
    ]);
    expect(signers).to.deep.equal(given);
  });
});
