// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    MarketView,
    OrderKind,
    OrderParameters
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {IClearingErrors} from "../../../contracts/clearing/interfaces/IClearingErrors.sol";
import {OrderId} from "../../../contracts/types/Identifiers.sol";
import {OrdersFixture} from "./OrdersFixture.sol";

/// Orders that a moving mark has left on the wrong side of the fill band: they count at its edge, they do not fill, and only
/// trading takes them out.
contract ClearinghouseStrandedTest is OrdersFixture {
    OrderId private bid;
    OrderId private ask;
    MarketView private m;

    /// Two prints take the index down to 8,649 ticks, so that mark is 9,340 at most and the band ends at 9,901: bob's bid
    /// stands above it.
    function setUp() public override {
        super.setUp();
        bid = _place(bob, perp, 1000, 10_000);
        ask = _place(carol, perp, -1000, 10_050);
        _nextPrint(POINTS / 2);
        _nextPrint(POINTS / 2);
        house.sync(perp);
        m = house.market(perp);
        vm.assertTrue(m.highestFill < 10_000 && m.bestBid == 10_000, "scene");
    }

    function test_stranded_countsAtTheEdgeOfTheBand() public {
        vm.assertTrue(m.impactBid == 10_000 && m.impactAsk == 10_050);
        // Both quotes count at the edge, a band above the highest mark that the clamp allows: mean goes there and no further.
        uint256 edge = ((m.anchorX16 + (m.anchorX16 * 800) / 10_000) * 10_600) / 10_000;
        _skip(12 hours);
        house.sync(perp);
        uint256 mean = house.market(perp).meanX16;
        vm.assertTrue(mean <= edge && mean + (2 << 16) > edge, "not at the edge");
        // Mark stays within its clamp.
        vm.assertEq(_mark(perp), m.anchorX16 + (m.anchorX16 * 800) / 10_000);
    }

    function test_stranded_doesNotFill() public {
        OrderId inBand = _place(dave, perp, 300, m.highestFill - 5);
        (, uint256 filled) = _send(alice, _order(perp, -500, m.highestFill - 5, OrderKind.ImmediateOrCancel));
        vm.assertEq(filled, 300);
        vm.assertTrue(_size(BOB, perp) == 0 && _size(DAVE, perp) == 300);
        _assertGone(bid);
        _assertGone(inBand);
        vm.assertEq(_position(BOB, perp).bidLots, 0);
        _assertConserved();
    }

    function test_stranded_aLiquidationGoesOverIt() public {
        _trade(alice, dave, dated, 1000, TICK);
        _withdrawTo(alice, 1_300 * USD);
        // Alice is long the dated future alone; what is stranded stands in the perpetual and is not touched by it.
        _refused(
            dave,
            abi.encodeCall(house.liquidate, (ALICE, perp, 10, KEEPER, 0)),
            abi.encodeWithSelector(
                IClearingErrors.AccountHealthy.selector,
                _equity(ALICE),
                house.account(ALICE).maintenanceMargin
            )
        );
        _assertOpen(bid, 1000);
    }

    /// Nobody takes it out but a taker: not a sweep, not one of given orders, not anybody's right to cancel.
    function test_stranded_isNotPurged() public {
        vm.assertEq(house.sweep(perp, true, type(uint16).max), 0);
        vm.assertEq(house.sweepOrders(_one(bid)), 0);
        _refused(
            dave,
            abi.encodeCall(house.cancelFired, (BOB, _one(bid))),
            abi.encodeWithSelector(IClearingErrors.SwitchNotFired.selector, BOB, 0)
        );
        _refused(
            dave,
            abi.encodeCall(house.cancelRiskRaising, (BOB, _one(bid))),
            abi.encodeWithSelector(
                IClearingErrors.AccountHealthy.selector,
                _equity(BOB),
                house.account(BOB).initialMargin
            )
        );
        _refused(
            dave,
            abi.encodeCall(house.cancel, (bid)),
            abi.encodeWithSelector(IClearingErrors.NotAuthorised.selector, dave, BOB)
        );
        _assertOpen(bid, 1000);
        vm.assertEq(house.market(perp).impactBid, 10_000);
    }

    /// A sweep stops at a stranded level, whatever dead orders stand on it or behind it.
    function test_stranded_isWhereASweepEnds() public {
        OrderId behind = _dyingBid(9_000);
        _skip(600);
        vm.assertEq(house.sweep(perp, true, 50), 0);
        _assertOpen(behind, 200);
        vm.assertEq(house.sweepOrders(_one(behind)), 200);
        _assertOpen(bid, 1000);
    }

    /// The same bid in the band again is as good as ever.
    function test_stranded_fillsWhenMarkComesBack() public {
        for (uint256 i = 0; i < 3; ++i) _nextPrint(POINTS * 2);
        _skip(1 hours);
        house.sync(perp);
        vm.assertTrue(house.market(perp).highestFill > 10_000, "scene");
        (, uint256 filled) = _send(alice, _order(perp, -400, 10_000, OrderKind.FillOrKill));
        vm.assertEq(filled, 400);
        _assertOpen(bid, 600);
        _assertConserved();
    }

    function test_stranded_isItsOwnersToCancelOrAmend() public {
        uint256 snapshot = vm.snapshotState();
        vm.assertEq(_cancel(bob, bid), 1000);
        vm.revertToState(snapshot);
        // It may come into the band, but not be renewed where it stands.
        _refused(
            bob,
            abi.encodeCall(house.amend, (bid, _order(perp, 900, 10_000, OrderKind.Limit))),
            abi.encodeWithSelector(
                IClearingErrors.TickOutsideBand.selector,
                10_000,
                m.lowestFill,
                m.highestFill
            )
        );
        vm.prank(bob);
        (OrderId id, ) = house.amend(bid, _order(perp, 1000, m.highestFill, OrderKind.Limit));
        _assertOpen(id, 1000);
    }

    /// An ask that rests below a stranded bid takes its place: the book is never crossed.
    function test_stranded_givesWayToAnOfferThatRests() public {
        (OrderId id, uint256 filled) = _send(dave, _order(perp, -500, m.highestFill, OrderKind.PostOnly));
        vm.assertEq(filled, 0);
        _assertGone(bid);
        _assertOpen(id, -500);
        vm.assertEq(house.market(perp).bestAsk, m.highestFill);
    }

    /// It counts towards maxFills like anything else that is met.
    function test_stranded_counts() public {
        _place(dave, perp, 300, m.highestFill);
        (, uint256 filled) = _sendWalk(-300, m.highestFill, 1);
        vm.assertEq(filled, 0);
        _assertGone(bid);
        (, filled) = _sendWalk(-300, m.highestFill, 1);
        vm.assertEq(filled, 300);
    }

    function _sendWalk(int256 lots, uint256 tick, uint16 walk) private returns (OrderId, uint256) {
        vm.prank(alice);
        return house.place(ALICE, _walking(lots, tick, walk));
    }

    function _walking(
        int256 lots,
        uint256 tick,
        uint16 walk
    ) private view returns (OrderParameters memory order) {
        order = _order(perp, lots, tick, OrderKind.ImmediateOrCancel);
        order.maxFills = walk;
    }

    function _dyingBid(uint256 tick) private returns (OrderId id) {
        (id, ) = _send(dave, _dying(perp, 200, tick));
    }
}
