// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IInsuranceFunds, IReporterBonds} from "../../../contracts/index/interfaces/IReporterBonds.sol";
import {SignedReport} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {UsageIndex} from "../../../contracts/index/UsageIndex.sol";
import {MarketId} from "../../../contracts/types/Identifiers.sol";
import {UsageIndexFixture} from "./UsageIndexFixture.sol";

/// Anybody's money.
contract BondToken is ERC20 {
    constructor() ERC20("Bond", "BND") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// Takes what it is sent into the funds of two markets, until it refuses.
contract TestFunds is IInsuranceFunds {
    address public immutable collateral;
    mapping(MarketId market => uint256) public funds;
    bool public refusing;

    constructor(address token) {
        collateral = token;
    }

    function refuse(bool refusing_) external {
        refusing = refusing_;
    }

    function topUpFund(MarketId market, uint256 amount) external {
        require(!refusing, "refused");
        IERC20(collateral).transferFrom(msg.sender, address(this), amount);
        funds[market] += amount;
    }
}

/// Bonds of 50,000 with a quarter for the prover, attached to the panel of seven.
abstract contract ReporterBondsFixture is UsageIndexFixture {
    uint256 internal constant AMOUNT = 50_001;
    uint256 internal constant PROVER_BPS = 2_500;
    MarketId internal constant MARKET = MarketId.wrap(1);
    address internal constant PAYEE = address(0xFA7EE);
    address internal constant PROVER = address(0x9807);

    BondToken internal money;
    TestFunds internal funds;
    IReporterBonds internal bonds;

    function setUp() public virtual override {
        super.setUp();
        money = new BondToken();
        funds = new TestFunds(address(money));
        bonds = _deployBonds(address(funds), PROVER_BPS, AMOUNT);
        target.setBonds(bonds);
    }

    function _deployBonds(
        address house,
        uint256 proverBps,
        uint256 amount
    ) internal returns (IReporterBonds) {
        return
            IReporterBonds(
                deploy(
                    "ReporterBonds.sol:ReporterBonds",
                    abi.encode(manager, target, house, MARKET, amount, proverBps)
                )
            );
    }

    /// Another index contract of the same manager.
    function _twin() internal returns (UsageIndex) {
        return UsageIndex(deploy("UsageIndex.sol:UsageIndex", abi.encode(manager)));
    }

    function _who(uint256 i) internal view returns (address) {
        return vm.addr(keys[i]);
    }

    function _bond(address reporter) internal {
        money.mint(reporter, AMOUNT);
        vm.startPrank(reporter);
        money.approve(address(bonds), AMOUNT);
        bonds.bond(PAYEE);
        vm.stopPrank();
    }

    /// Two reports of one reporter that cannot both be meant.
    function _conflict(
        uint256 i
    ) internal view returns (SignedReport memory first, SignedReport memory second) {
        first = _report(keys[i], TU1D, DAY, 3, 1000e18, VINTAGE);
        second = _report(keys[i], TU1D, DAY, 3, 1001e18, VINTAGE);
    }

    function _slash(uint256 i) internal {
        (SignedReport memory first, SignedReport memory second) = _conflict(i);
        bonds.slash(TU1D, DAY, 3, first, second, PROVER);
    }
}
