// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import {Configuration} from "../../../contracts/clearing/ClearingBase.sol";
import {Clearinghouse, Modules} from "../../../contracts/clearing/Clearinghouse.sol";
import {IAdministration} from "../../../contracts/clearing/interfaces/IAdministration.sol";
import {
    AccountView,
    FeedListing,
    FundView,
    MarginTier,
    MarketKind,
    MarketListing,
    MarketView,
    OrderKind,
    OrderParameters,
    PositionView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IListing} from "../../../contracts/clearing/interfaces/IListing.sol";
import {IWaterfall} from "../../../contracts/clearing/interfaces/IWaterfall.sol";
import {IMargin} from "../../../contracts/clearing/interfaces/IMargin.sol";
import {IClearinghouse} from "../../../contracts/clearing/interfaces/IClearinghouse.sol";
import {Position} from "../../../contracts/clearing/libraries/Words.sol";
import {IndexConfig, SignedReport} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {UsageIndex} from "../../../contracts/index/UsageIndex.sol";
import {CollateralToken} from "../../../contracts/token/CollateralToken.sol";
import {AccountId, FeedId, MarketId, OrderId, Tick} from "../../../contracts/types/Identifiers.sol";
import {TestBase} from "../Vm.sol";

/// A clearing house as it is deployed, on an index with seven reporters and quorum five, after seven prints of 5,000
/// points: TUX-PERP and a dated future with the reference parameters, both at 10,000 ticks, and six funded traders.
/// One lot is worth 5 USD, a tick of one lot 500 units.
abstract contract ClearingFixture is TestBase {
    bytes32 internal constant TU1D = "TU1D";
    /// 2025-01-01.
    uint32 internal constant FIRST_DAY = 20_089;
    /// Delivery window of the dated future; today is 20,096, when it is in its third month.
    uint32 internal constant NEXT_FROM = 20_098;
    uint32 internal constant WINDOW_FIRST = 20_100;
    uint32 internal constant WINDOW_LAST = 20_104;
    uint256 internal constant POINTS = 5_000e18;
    uint256 internal constant TICK = 10_000;
    int256 internal constant TICK_VALUE = 500;
    uint256 internal constant USD = 1e6;
    uint256 internal constant FUNDS = 1_000_000 * USD;

    uint64 internal constant LISTING = 1;
    uint64 internal constant RISK = 2;
    uint64 internal constant TREASURY = 4;
    uint64 internal constant GUARDIAN = 5;
    address internal constant LISTER = address(0x1157);
    address internal constant RISK_OFFICER = address(0x2157);
    address internal constant TREASURER = address(0x4157);
    address internal constant GUARD = address(0x5157);

    AccessManager internal manager;
    CollateralToken internal token;
    UsageIndex internal usage;
    IClearinghouse internal house;
    FeedId internal feedId;
    MarketId internal perp;
    MarketId internal dated;
    /// Newest day that has a print.
    uint32 internal day;
    /// Private keys in ascending order of their addresses.
    uint256[7] private _reporters;

    /// Traders, opened in this order: the account of trader i is 2048 + i.
    uint256 internal constant TRADERS = 6;
    address[] internal traders;
    address internal alice;
    address internal bob;
    address internal carol;
    address internal dave;
    AccountId internal constant ALICE = AccountId.wrap(2048);
    AccountId internal constant BOB = AccountId.wrap(2049);
    AccountId internal constant CAROL = AccountId.wrap(2050);
    AccountId internal constant DAVE = AccountId.wrap(2051);

    function setUp() public virtual {
        vm.warp(_due(FIRST_DAY));
        manager = new AccessManager(address(this));
        token = new CollateralToken("Test Dollar", "TUSD", 6, address(this));
        _openIndex();
        house = _deploy(address(token));
        _grantRoles();
        usage.addReader(TU1D, house);
        vm.prank(LISTER);
        feedId = house.addFeed(_feedListing());
        for (uint32 period = FIRST_DAY; period < FIRST_DAY + 7; ++period) _nextPrint(POINTS);
        vm.prank(LISTER);
        perp = house.listMarket(_perpetual());
        vm.prank(LISTER);
        dated = house.listMarket(_dated());
        for (uint256 i = 0; i < TRADERS; ++i) _open(vm.addr(_key(i)), FUNDS);
        (alice, bob, carol, dave) = (traders[0], traders[1], traders[2], traders[3]);
    }

    // ---------------------------------------------------------------------------------------------------- deployment

    function _deploy(address collateral) internal returns (IClearinghouse) {
        Configuration memory c = Configuration(address(manager), collateral, address(usage));
        Modules memory modules;
        modules.accounts = deploy("AccountsModule.sol:AccountsModule", abi.encode(c));
        modules.settlement = deploy("SettlementModule.sol:SettlementModule", abi.encode(c));
        modules.liquidation = deploy("LiquidationModule.sol:LiquidationModule", abi.encode(c));
        modules.margin = deploy("MarginModule.sol:MarginModule", abi.encode(c));
        modules.administration = deploy("AdministrationModule.sol:AdministrationModule", abi.encode(c));
        modules.clock = deploy("ClockModule.sol:ClockModule", abi.encode(c));
        modules.listing = deploy("ListingModule.sol:ListingModule", abi.encode(c));
        modules.orders = deploy("OrdersModule.sol:OrdersModule", abi.encode(c));
        modules.upkeep = deploy("UpkeepModule.sol:UpkeepModule", abi.encode(c));
        modules.waterfall = deploy("WaterfallModule.sol:WaterfallModule", abi.encode(c));
        modules.lens = _deployLens(c);
        return IClearinghouse(deploy("Clearinghouse.sol:Clearinghouse", abi.encode(c, modules)));
    }

    /// Views; the invariants put more of them behind the fallback.
    function _deployLens(Configuration memory c) internal virtual returns (address) {
        return deploy("LensModule.sol:LensModule", abi.encode(c));
    }

    function _grantRoles() internal {
        bytes4[] memory selectors = new bytes4[](2);
        (selectors[0], selectors[1]) = (IListing.addFeed.selector, IListing.listMarket.selector);
        manager.setTargetFunctionRole(address(house), selectors, LISTING);
        (selectors[0], selectors[1]) = (IAdministration.collectFees.selector, IAdministration.skim.selector);
        manager.setTargetFunctionRole(address(house), selectors, TREASURY);
        (selectors[0], selectors[1]) = (IWaterfall.topUpFund.selector, IWaterfall.drainFund.selector);
        manager.setTargetFunctionRole(address(house), selectors, TREASURY);
        (selectors[0], selectors[1]) = (IAdministration.stopNewRisk.selector, IMargin.cancelMargins.selector);
        manager.setTargetFunctionRole(address(house), selectors, GUARDIAN);
        selectors = new bytes4[](5);
        (selectors[0], selectors[1], selectors[2], selectors[3], selectors[4]) = (
            IAdministration.setFees.selector,
            IAdministration.setLimits.selector,
            IAdministration.setFundTerms.selector,
            IAdministration.resumeNewRisk.selector,
            IMargin.scheduleMargins.selector
        );
        manager.setTargetFunctionRole(address(house), selectors, RISK);
        manager.grantRole(LISTING, LISTER, 0);
        manager.grantRole(RISK, RISK_OFFICER, 0);
        manager.grantRole(TREASURY, TREASURER, 0);
        manager.grantRole(GUARDIAN, GUARD, 0);
    }

    function _feedListing() internal pure returns (FeedListing memory) {
        return FeedListing(TU1D, 800, 30 hours, 54 hours, 7 days);
    }

    function _perpetual() internal view returns (MarketListing memory l) {
        l = _common();
        l.kind = MarketKind.Perpetual;
        l.tiers[0] = l.tiers[1] = l.tiers[2] = MarginTier(2000, 1200, 600);
        l.clampBps = 800;
        l.fundingPeriod = 8 hours;
        l.fundingCapBps = 200;
    }

    function _dated() internal view returns (MarketListing memory l) {
        l = _common();
        l.kind = MarketKind.Dated;
        l.tiers[0] = MarginTier(1600, 1200, 250);
        l.tiers[1] = MarginTier(2000, 1500, 400);
        l.tiers[2] = MarginTier(2800, 2100, 600);
        l.clampBps = 1000;
        l.spreadInitialBps = 2600;
        l.spreadMaintenanceBps = 2100;
        l.firstPeriod = WINDOW_FIRST;
        l.lastPeriod = WINDOW_LAST;
        l.nextFromPeriod = NEXT_FROM;
        l.firstMarkTick = Tick.wrap(uint24(TICK));
    }

    function _common() private view returns (MarketListing memory l) {
        l.feed = feedId;
        l.indexPerTick = 0.5e18;
        l.tickValue = uint16(uint256(TICK_VALUE));
        l.takerFee = 50;
        l.makerFee = 10;
        l.liquidationFeeBps = 100;
        l.insuranceShareBps = 5000;
        l.markMinutes = 30;
        l.impactLots = 1000;
        l.minLots = 100;
        l.maxPositionLots = 8_192_000;
        l.maxOpenInterestLots = 100_000_000;
        l.openInterestBaseLots = 20_000_000;
        l.fundCoverBps = 200;
    }

    function _key(uint256 trader) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("trader", trader)));
    }

    /// Funds a new trader and opens its account.
    function _open(address who, uint256 amount) internal returns (AccountId account) {
        traders.push(who);
        token.mint(who, amount);
        vm.prank(who);
        token.approve(address(house), type(uint256).max);
        vm.prank(who);
        account = house.deposit(0, amount);
    }

    // --------------------------------------------------------------------------------------------------- time, prints

    /// Terms without a circuit breaker: tests print what they like.
    function _indexTerms() internal view virtual returns (IndexConfig memory) {
        return IndexConfig(5, 100, 7, 4, FIRST_DAY, 9_000_000e18, 6, 65_535, 65_535);
    }

    function _openIndex() private {
        usage = UsageIndex(deploy("UsageIndex.sol:UsageIndex", abi.encode(manager)));
        usage.listIndex(TU1D, _indexTerms());
        for (uint256 i = 0; i < 7; ++i) _reporters[i] = uint256(keccak256(abi.encode("reporter", i)));
        for (uint256 i = 0; i < 7; ++i) {
            for (uint256 j = i + 1; j < 7; ++j) {
                if (vm.addr(_reporters[j]) < vm.addr(_reporters[i])) {
                    (_reporters[i], _reporters[j]) = (_reporters[j], _reporters[i]);
                }
            }
            usage.setReporter(vm.addr(_reporters[i]), true);
        }
        day = FIRST_DAY - 1;
    }

    /// When the print of a day is due: 06:00 UTC of the next one.
    function _due(uint256 period) internal pure returns (uint256) {
        return (period + 1) * 1 days + 6 hours;
    }

    /// Goes on to where the next day's print is due and posts it.
    function _nextPrint(uint256 value) internal {
        day += 1;
        if (block.timestamp < _due(day)) vm.warp(_due(day));
        _print(day, 0, value);
    }

    function _print(uint32 period, uint32 revision, uint256 value) internal {
        _printOf(TU1D, period, revision, value);
    }

    /// By a super-quorum: nothing of it is held.
    function _printOf(bytes32 index, uint32 period, uint32 revision, uint256 value) internal {
        usage.post(index, period, revision, _signed(index, period, revision, value, 6));
    }

    /// Reports of the first `count` reporters.
    function _signed(
        bytes32 index,
        uint32 period,
        uint32 revision,
        uint256 value,
        uint256 count
    ) internal view returns (SignedReport[] memory reports) {
        reports = new SignedReport[](count);
        for (uint256 i = 0; i < count; ++i) {
            reports[i].value = uint128(value);
            reports[i].deadline = uint64(block.timestamp + 1 hours);
            reports[i].vintage = keccak256("vintage");
            bytes32 digest = usage.hashReport(
                index,
                period,
                revision,
                uint128(value),
                reports[i].vintage,
                reports[i].deadline
            );
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(_reporters[i], digest);
            reports[i].r = r;
            reports[i].vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
        }
    }

    /// Prints one value until the mean of seven days is nothing else, so that the perpetual's index stands there.
    function _printWeek(uint256 value) internal {
        for (uint256 i = 0; i < 7; ++i) _nextPrint(value);
    }

    function _skip(uint256 seconds_) internal {
        vm.warp(block.timestamp + seconds_);
    }

    // --------------------------------------------------------------------------------------------------------- orders

    function _order(
        MarketId market,
        int256 lots,
        uint256 tick,
        OrderKind kind
    ) internal pure returns (OrderParameters memory order) {
        order.market = market;
        order.lots = int40(lots);
        order.tick = Tick.wrap(uint24(tick));
        order.kind = kind;
        order.maxFills = 100;
    }

    /// A limit order of a trader's first account.
    function _place(address who, MarketId market, int256 lots, uint256 tick) internal returns (OrderId id) {
        (id, ) = _send(who, _order(market, lots, tick, OrderKind.Limit));
    }

    /// An order that trades what it can: bids up to the top of the band, asks down to its bottom.
    function _take(address who, MarketId market, int256 lots) internal returns (uint256 filled) {
        MarketView memory m = house.market(market);
        uint256 tick = lots > 0 ? m.highestFill : m.lowestFill;
        (, filled) = _send(who, _order(market, lots, tick, OrderKind.ImmediateOrCancel));
    }

    function _send(address who, OrderParameters memory order) internal returns (OrderId id, uint256 filled) {
        AccountId account = _id(who);
        vm.prank(who);
        return house.place(account, order);
    }

    /// A trade of `lots` from seller to buyer at one tick.
    function _trade(address buyer, address seller, MarketId market, uint256 lots, uint256 tick) internal {
        _place(seller, market, -int256(lots), tick);
        (, uint256 filled) = _send(buyer, _order(market, int256(lots), tick, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, lots);
    }

    function _id(address who) internal view returns (AccountId) {
        return house.accountOf(who, 0);
    }

    function _fund(MarketId market) internal pure returns (AccountId) {
        return AccountId.wrap(MarketId.unwrap(market));
    }

    /// Brings money into a market's insurance fund.
    function _feedFund(MarketId market, uint256 amount) internal {
        token.mint(TREASURER, amount);
        vm.prank(TREASURER);
        token.approve(address(house), amount);
        vm.prank(TREASURER);
        house.topUpFund(market, amount);
    }

    // ---------------------------------------------------------------------------------------------------------- views

    function _cash(AccountId account) internal view returns (int256) {
        return house.account(account).cash;
    }

    function _equity(AccountId account) internal view returns (int256) {
        return house.account(account).equity;
    }

    function _position(AccountId account, MarketId market) internal view returns (PositionView memory p) {
        PositionView[] memory all = house.account(account).positions;
        for (uint256 i = 0; i < all.length; ++i) {
            if (MarketId.unwrap(all[i].market) == MarketId.unwrap(market)) return all[i];
        }
    }

    function _size(AccountId account, MarketId market) internal view returns (int256) {
        return _position(account, market).size;
    }

    function _mark(MarketId market) internal view returns (uint256) {
        return house.market(market).markX16;
    }

    // ----------------------------------------------------------------------------------------------------- assertions

    /// Calls the clearing house as `sender` and asserts that it refuses with exactly that error and changes nothing.
    function _refused(address sender, bytes memory data, bytes memory expected) internal {
        bytes32 before = _fingerprint();
        vm.prank(sender);
        (bool success, bytes memory answer) = address(house).call(data);
        vm.assertTrue(!success, "should have been refused");
        vm.assertTrue(keccak256(answer) == keccak256(expected), _hex("another error: ", answer));
        vm.assertTrue(_fingerprint() == before, "a refused call changed something");
    }

    /// As `_refused`, for an order of the sender's first account.
    function _refusedOrder(address sender, OrderParameters memory order, bytes memory expected) internal {
        _refused(sender, abi.encodeCall(house.place, (_id(sender), order)), expected);
    }

    /// Everything that traders, markets, books and feeds show.
    function _fingerprint() internal view returns (bytes32 print) {
        print = keccak256(
            abi.encode(
                house.tracked(),
                house.accountCount(),
                house.marketCount(),
                token.balanceOf(address(house))
            )
        );
        for (uint256 i = 0; i < traders.length; ++i) {
            print = keccak256(abi.encode(print, house.account(_id(traders[i])), token.balanceOf(traders[i])));
        }
        for (uint16 m = 1; m <= house.marketCount(); ++m) {
            MarketId id = MarketId.wrap(m);
            print = keccak256(
                abi.encode(print, house.market(id), house.account(_fund(id)), house.listing(id))
            );
            print = keccak256(abi.encode(print, house.levels(id, true, 20), house.levels(id, false, 20)));
        }
        for (uint8 f = 1; f <= house.feedCount(); ++f) {
            print = keccak256(abi.encode(print, house.feed(FeedId.wrap(f))));
        }
    }

    /// Exact conservation over every account there is: owners', funds' and escrows'. What pending rounds still have to close
    /// stands in the escrows, booked deficits are what nobody has paid in, and claims what withdrawals left behind.
    function _assertConserved() internal view {
        int256 sum = 0;
        uint256 deficits = 0;
        for (uint32 id = 2048; id < 2048 + house.accountCount(); ++id) sum += _claim(AccountId.wrap(id));
        for (uint16 m = 1; m <= house.marketCount(); ++m) {
            MarketView memory v = house.market(MarketId.wrap(m));
            FundView memory f = house.fund(v.id);
            sum += _claim(AccountId.wrap(m)) + _claim(AccountId.wrap(1024 + m));
            sum += (v.fundingPool + f.pendingQuote) * int256(uint256(house.listing(v.id).tickValue));
            sum += int256(v.feesPayable);
            deficits += f.deficit;
        }
        (uint256 owed, uint256 claims, ) = house.owed(AccountId.wrap(0));
        vm.assertEq(deficits, owed, "deficits");
        vm.assertEq(sum - int256(owed) + int256(claims), int256(house.tracked()));
        vm.assertTrue(token.balanceOf(address(house)) >= house.tracked(), "balance below tracked");
    }

    /// Cash and stored quotes of an account.
    function _claim(AccountId account) private view returns (int256 sum) {
        AccountView memory a = house.account(account);
        sum = a.cash;
        for (uint256 i = 0; i < a.positions.length; ++i) {
            MarketId market = a.positions[i].market;
            int256 quote = Position.wrap(house.positionWord(market, account)).quote();
            sum += quote * int256(uint256(house.listing(market).tickValue));
        }
    }

    function _hex(string memory prefix, bytes memory data) private pure returns (string memory) {
        bytes memory digits = "0123456789abcdef";
        bytes memory text = new bytes(2 * data.length);
        for (uint256 i = 0; i < data.length; ++i) {
            text[2 * i] = digits[uint8(data[i]) >> 4];
            text[2 * i + 1] = digits[uint8(data[i]) & 15];
        }
        return string.concat(prefix, string(text));
    }
}
