// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {
    FeedListing,
    MarginTier,
    MarketListing,
    MarketPhase,
    MarketView
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {IndexConfig, IUsageIndex} from "../../../contracts/index/interfaces/IUsageIndex.sol";
import {FeedId, MarketId, OrderId, Tick} from "../../../contracts/types/Identifiers.sol";
import {RiskFixture} from "./RiskFixture.sol";

/// Listing, parameters and the guardian, each within its role and its limits.
contract ClearinghouseAdministrationTest is RiskFixture {
    // ---------------------------------------------------------------------------------------------------------- roles

    function test_restricted_revertsWith_AccessManagedUnauthorized() public {
        bytes[8] memory calls = [
            abi.encodeCall(house.addFeed, (_feedListing())),
            abi.encodeCall(house.listMarket, (_perpetual())),
            abi.encodeCall(house.setFees, (perp, 50, 10)),
            abi.encodeCall(house.setLimits, (perp, 16_384, 1)),
            abi.encodeCall(house.stopNewRisk, (perp)),
            abi.encodeCall(house.resumeNewRisk, (perp)),
            abi.encodeCall(house.collectFees, (perp, alice)),
            abi.encodeCall(house.skim, (alice))
        ];
        address[5] memory senders = [alice, LISTER, RISK_OFFICER, TREASURER, GUARD];
        uint8[8] memory allowed = [1, 1, 2, 2, 4, 2, 3, 3];
        for (uint256 i = 0; i < 8; ++i) {
            for (uint256 k = 0; k < 5; ++k) {
                if (k == allowed[i]) continue;
                _refused(
                    senders[k],
                    calls[i],
                    abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, senders[k])
                );
            }
        }
    }

    // ------------------------------------------------------------------------------------------------------- listing

    function test_listMarket_readsBackAsListed() public {
        MarketListing memory l = _perpetual();
        l.feed = feedId;
        l.concentrationLots = 32_768;
        l.fundingInterestBps = -7;
        l.makerFee = -20;
        vm.prank(LISTER);
        MarketId id = house.listMarket(l);
        vm.assertTrue(keccak256(abi.encode(house.listing(id))) == keccak256(abi.encode(l)));
        vm.assertEq(MarketId.unwrap(id), 3);
        vm.assertEq(house.marketCount(), 3);
        MarketView memory m = house.market(id);
        vm.assertEq(m.markX16, TICK << 16);
        vm.assertTrue(m.phase == MarketPhase.Open && m.bestBid == 0 && m.bestAsk == 0 && m.expiry == 0);

        l = _dated();
        vm.prank(LISTER);
        id = house.listMarket(l);
        vm.assertTrue(keccak256(abi.encode(house.listing(id))) == keccak256(abi.encode(l)));
        vm.assertEq(house.market(id).expiry, (uint256(WINDOW_LAST) + 1) * 1 days);
    }

    function test_listMarket_revertsWith_UnsafeParameters() public {
        MarketListing memory l = _perpetual();
        l.clampBps = 1200;
        _unsafe(l, "clamp < maintenance", 1200, 1200);
        l = _perpetual();
        l.tiers[0].maintenanceMarginBps = 2000;
        _unsafe(l, "maintenance < initial", 2000, 2000);
        l = _perpetual();
        // The band of 6 % and the maker fee of 1 bp at its edge leave 799 basis points.
        l.tiers[0] = MarginTier(1806, 1200, 605);
        _unsafe(l, "band + maker fee <= initial - maintenance", 607, 606);
        l = _perpetual();
        l.tiers[0] = MarginTier(2500, 1200, 1200);
        _unsafe(l, "band + taker fee <= maintenance", 1206, 1200);
        l = _perpetual();
        l.liquidationFeeBps = 500;
        l.clampBps = 400;
        l.tiers[0] = MarginTier(2000, 500, 400);
        _unsafe(l, "liquidation fee < maintenance", 500, 500);
        l = _perpetual();
        l.tiers[0] = MarginTier(1399, 790, 600);
        l.clampBps = 700;
        _unsafe(l, "band + maxMove <= initial", 1400, 1399);
        l = _dated();
        l.tiers[1].maintenanceMarginBps = 1100;
        _unsafe(l, "tier maintenance falls", 1200, 1100);
        l = _dated();
        l.tiers[1].initialMarginBps = 3000;
        _unsafe(l, "tier initial falls", 3000, 2800);
    }

    function test_listMarket_revertsWith_ParameterOutOfRange() public {
        MarketListing memory l = _perpetual();
        l.takerFee = 2001;
        _outside(l, "takerFee", 2001, 0, 2000);
        l = _perpetual();
        // A rebate beyond the taker fee would pay for wash trading.
        l.makerFee = -51;
        _outside(l, "makerFee", -51, -50, 2000);
        l = _perpetual();
        l.indexPerTick = 0;
        _outside(l, "indexPerTick", 0, 1, type(int128).max);
        l = _perpetual();
        l.tickValue = 0;
        _outside(l, "tickValue", 0, 1, 65_535);
        l = _perpetual();
        l.liquidationFeeBps = 501;
        _outside(l, "liquidationFeeBps", 501, 0, 500);
        l = _perpetual();
        l.insuranceShareBps = 10_001;
        _outside(l, "insuranceShareBps", 10_001, 0, 10_000);
        l = _perpetual();
        l.markMinutes = 0;
        _outside(l, "markMinutes", 0, 1, 4095);
        l = _perpetual();
        l.impactLots = 0;
        _outside(l, "impactLots", 0, 1, 16_777_215);
        l = _perpetual();
        l.minLots = 0;
        _outside(l, "minLots", 0, 1, 65_535);
        l = _perpetual();
        l.clampBps = 0;
        _outside(l, "clampBps", 0, 1, 5000);
        l = _perpetual();
        l.maxPositionLots = 16_383;
        _outside(l, "maxPositionLots", 16_383, 16_384, 4095 * 16_384);
        l.maxPositionLots = 16_385;
        _outside(l, "maxPositionLots", 16_385, 16_384, 32_768);
        l = _perpetual();
        l.maxOpenInterestLots = 0;
        _outside(l, "maxOpenInterestLots", 0, 1, 1 << 35);
    }

    function test_listMarket_revertsWith_ParameterOutOfRange_ofFundingAndWindow() public {
        MarketListing memory l = _perpetual();
        l.fundingPeriod = 3599;
        _outside(l, "fundingPeriod", 3599, 1 hours, 30 days);
        l = _perpetual();
        l.fundingCapBps = 0;
        _outside(l, "fundingCapBps", 0, 1, 2000);
        l = _perpetual();
        l.fundingInterestBps = 201;
        _outside(l, "fundingInterestBps", 201, -200, 200);
        l = _perpetual();
        l.lastPeriod = 1;
        _outside(l, "lastPeriod", 1, 0, 0);
        l = _dated();
        l.fundingPeriod = 1;
        _outside(l, "fundingPeriod", 1, 0, 0);
        l = _dated();
        l.lastPeriod = WINDOW_FIRST - 1;
        _outside(
            l,
            "lastPeriod",
            int256(uint256(WINDOW_FIRST) - 1),
            int256(uint256(WINDOW_FIRST)),
            (1 << 20) - 3
        );
        l = _dated();
        l.lastPeriod = WINDOW_FIRST + 366;
        _outside(l, "windowDays", 367, 1, 366);
        l = _dated();
        l.nextFromPeriod = WINDOW_FIRST + 1;
        _outside(l, "nextFromPeriod", int256(uint256(WINDOW_FIRST) + 1), 0, int256(uint256(WINDOW_FIRST)));
        l = _dated();
        l.firstMarkTick = Tick.wrap(0);
        _outside(l, "firstMarkTick", 0, 1, int256(uint256(type(uint24).max)) - 1);
        l = _dated();
        l.firstPeriod = l.nextFromPeriod = FIRST_DAY;
        l.lastPeriod = 20_095;
        _outside(l, "lastPeriod", 20_095, 20_096, (1 << 20) - 3);
    }

    function test_listMarket_revertsWith_UnknownFeed() public {
        MarketListing memory l = _perpetual();
        l.feed = FeedId.wrap(2);
        _refused(
            LISTER,
            abi.encodeCall(house.listMarket, (l)),
            abi.encodeWithSelector(IClearingErrors.UnknownFeed.selector, l.feed)
        );
    }

    function test_listMarket_revertsWith_FeedEmpty() public {
        MarketListing memory l = _perpetual();
        vm.prank(LISTER);
        l.feed = house.addFeed(FeedListing("GPX", 500, 10 hours, 20 hours, 3 days));
        _refused(
            LISTER,
            abi.encodeCall(house.listMarket, (l)),
            abi.encodeWithSelector(IClearingErrors.FeedEmpty.selector, l.feed)
        );
        // A dated future brings its first mark with it, and needs an index that has its window.
        l = _dated();
        l.feed = FeedId.wrap(2);
        _refused(
            LISTER,
            abi.encodeCall(house.listMarket, (l)),
            abi.encodeWithSelector(IUsageIndex.IndexNotListed.selector, bytes32("GPX"))
        );
        usage.listIndex("GPX", IndexConfig(5, 100, 7, 4, WINDOW_FIRST + 1, 9_000_000e18, 6, 65_535, 65_535));
        _outside(
            l,
            "firstPeriod",
            int256(uint256(WINDOW_FIRST)),
            int256(uint256(WINDOW_FIRST)) + 1,
            (1 << 20) - 3
        );
        l.firstPeriod = WINDOW_FIRST + 1;
        vm.prank(LISTER);
        house.listMarket(l);
    }

    function test_listMarket_atMostTwoPerpetualsOfAFeed() public {
        vm.prank(LISTER);
        house.listMarket(_perpetual());
        _outside(_perpetual(), "perpetuals of the feed", 3, 1, 2);
    }

    // --------------------------------------------------------------------------------------------------- parameters

    function test_setFees_countForTheNextFill() public {
        _trade(alice, bob, perp, 1000, TICK);
        uint256 fees = house.market(perp).feesPayable;
        vm.prank(RISK_OFFICER);
        house.setFees(perp, 0, 0);
        vm.prank(RISK_OFFICER);
        house.setFundTerms(perp, 20_000_000, 200, 10_000, 100);
        _trade(alice, bob, perp, 1000, TICK);
        vm.assertEq(house.market(perp).feesPayable, fees);
        vm.prank(TREASURER);
        (uint256 toFund, uint256 toTreasury) = house.collectFees(perp, alice);
        vm.assertTrue(toFund == fees && toTreasury == 0);
    }

    function test_setFees_revertsWith_ParameterOutOfRange() public {
        _refusedFees(2001, 0, "takerFee", 2001, 0, 2000);
        _refusedFees(50, -51, "makerFee", -51, -50, 2000);
        _refusedFees(50, 2001, "makerFee", 2001, -50, 2000);
    }

    function test_setFees_revertsWith_UnsafeParameters() public {
        // 20 % − 12 % − 6 % leave 2 % for the maker fee at the edge of the band.
        _refused(
            RISK_OFFICER,
            abi.encodeCall(house.setFees, (perp, 2000, 2000)),
            abi.encodeWithSelector(
                IClearingErrors.UnsafeParameters.selector,
                "band + maker fee <= initial - maintenance",
                812,
                800
            )
        );
    }

    function test_setLimits_doesNotTouchStandingPositions() public {
        _trade(alice, bob, perp, 10_000, TICK);
        vm.prank(RISK_OFFICER);
        house.setLimits(perp, 16_384, 100);
        vm.assertEq(_size(ALICE, perp), int256(10_000));
        MarketListing memory l = house.listing(perp);
        vm.assertTrue(l.maxPositionLots == 16_384 && l.maxOpenInterestLots == 100);
    }

    function test_parameters_revertsWith_UnknownMarket() public {
        MarketId id = MarketId.wrap(9);
        bytes memory refused = abi.encodeWithSelector(IClearingErrors.UnknownMarket.selector, id);
        _refused(RISK_OFFICER, abi.encodeCall(house.setFees, (id, 1, 1)), refused);
        _refused(RISK_OFFICER, abi.encodeCall(house.setLimits, (id, 16_384, 1)), refused);
        _refused(RISK_OFFICER, abi.encodeCall(house.resumeNewRisk, (id)), refused);
        _refused(GUARD, abi.encodeCall(house.stopNewRisk, (id)), refused);
        _refused(TREASURER, abi.encodeCall(house.collectFees, (id, alice)), refused);
        _refused(alice, abi.encodeCall(house.market, (id)), refused);
        _refused(alice, abi.encodeCall(house.listing, (id)), refused);
    }

    // ----------------------------------------------------------------------------------------------------- guardian

    function test_stopNewRisk_stopsNoExit() public {
        _trade(alice, bob, perp, 1000, TICK);
        OrderId id = _place(carol, perp, 100, TICK - 10);
        vm.prank(GUARD);
        house.stopNewRisk(perp);
        vm.assertTrue(house.market(perp).phase == MarketPhase.ReduceOnly);
        vm.prank(carol);
        house.cancel(id);
        vm.prank(carol);
        house.withdraw(CAROL, FUNDS, carol);
        _trade(bob, alice, perp, 500, TICK);
        uint256 free = house.account(ALICE).withdrawable;
        vm.prank(alice);
        house.withdraw(ALICE, free, alice);
        vm.prank(RISK_OFFICER);
        house.resumeNewRisk(perp);
        _trade(bob, dave, perp, 100, TICK);
    }

    function test_stopNewRisk_liquidationGoesOn() public {
        _lever();
        _fallTo(8800);
        _place(dave, perp, 2000, _markTick());
        vm.prank(GUARD);
        house.stopNewRisk(perp);
        (uint256 closed, ) = house.liquidate(ALICE, perp, 10, KEEPER, 0);
        vm.assertTrue(closed > 0);
    }

    function test_stopNewRisk_revertsWith_MarketNotOpen() public {
        bytes4 selector = IClearingErrors.MarketNotOpen.selector;
        _refused(
            RISK_OFFICER,
            abi.encodeCall(house.resumeNewRisk, (perp)),
            abi.encodeWithSelector(selector, perp, MarketPhase.Open)
        );
        vm.prank(GUARD);
        house.stopNewRisk(perp);
        _refused(
            GUARD,
            abi.encodeCall(house.stopNewRisk, (perp)),
            abi.encodeWithSelector(selector, perp, MarketPhase.ReduceOnly)
        );
        // Nobody reopens what has expired.
        vm.prank(GUARD);
        house.stopNewRisk(dated);
        vm.warp((uint256(WINDOW_LAST) + 1) * 1 days);
        _refused(
            RISK_OFFICER,
            abi.encodeCall(house.resumeNewRisk, (dated)),
            abi.encodeWithSelector(selector, dated, MarketPhase.Expired)
        );
    }

    // --------------------------------------------------------------------------------------------------------- helper

    function _unsafe(MarketListing memory l, string memory rule, uint256 left, uint256 right) private {
        _refused(
            LISTER,
            abi.encodeCall(house.listMarket, (l)),
            abi.encodeWithSelector(IClearingErrors.UnsafeParameters.selector, rule, left, right)
        );
    }

    function _outside(
        MarketListing memory l,
        string memory what,
        int256 value,
        int256 min,
        int256 max
    ) private {
        _refused(
            LISTER,
            abi.encodeCall(house.listMarket, (l)),
            abi.encodeWithSelector(IClearingErrors.ParameterOutOfRange.selector, what, value, min, max)
        );
    }

    function _refusedFees(
        uint16 taker,
        int16 maker,
        string memory what,
        int256 value,
        int256 min,
        int256 max
    ) private {
        _refused(
            RISK_OFFICER,
            abi.encodeCall(house.setFees, (perp, taker, maker)),
            abi.encodeWithSelector(IClearingErrors.ParameterOutOfRange.selector, what, value, min, max)
        );
    }
}
