// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "../../../contracts/types/Identifiers.sol";
import {WaterfallFixture} from "./WaterfallFixture.sol";

/// Several bankruptcies at one mark: whichever is absorbed first, everybody ends within a lot a round of the same.
contract ClearinghouseRoundsOrderTest is WaterfallFixture {
    AccountId private grace;
    AccountId private heidi;

    struct Outcome {
        int256[4] size;
        int256[4] equity;
        uint256 rounds;
        uint256 deficit;
    }

    function test_roundsOrder_withAnEmptyFund() public {
        _scene();
        _compare();
    }

    function test_roundsOrder_withAFundThatCoversOneOfThem() public {
        _scene();
        _feedFund(perp, uint256(-_equity(grace)) + 5 * USD);
        _compare();
    }

    function test_roundsOrder_withAFundThatCoversNoneAlone() public {
        _scene();
        _feedFund(perp, uint256(-_equity(heidi)) / 2);
        _compare();
    }

    /// Three longs with different margins, all of them below zero, none by as much as MM: a round takes no more.
    function _scene() private {
        _sides();
        grace = _leveredAt(7, 600, true, bob, TICK, 2200);
        heidi = _leveredAt(8, 300, true, carol, TICK, 2400);
        _fallUntilBankrupt(heidi);
        // Money from somebody brings them nearer to zero, each differently.
        _topUp(ALICE, -200 * int256(USD));
        _topUp(grace, -60 * int256(USD));
        _topUp(heidi, -20 * int256(USD));
    }

    function _compare() private {
        AccountId[3][6] memory orders = [
            [ALICE, grace, heidi],
            [ALICE, heidi, grace],
            [grace, ALICE, heidi],
            [grace, heidi, ALICE],
            [heidi, ALICE, grace],
            [heidi, grace, ALICE]
        ];
        Outcome[6] memory outcomes;
        for (uint256 i = 0; i < 6; ++i) {
            uint256 snapshot = vm.snapshotState();
            for (uint256 j = 0; j < 3; ++j) house.absorb(orders[i][j]);
            outcomes[i] = _outcome();
            vm.revertToState(snapshot);
        }
        for (uint256 i = 1; i < 6; ++i) {
            vm.assertTrue(outcomes[i].deficit == 0 && outcomes[0].deficit == 0, "deficit");
            uint256 rounds =
                outcomes[i].rounds > outcomes[0].rounds ? outcomes[i].rounds : outcomes[0].rounds;
            vm.assertTrue(rounds >= 1 && rounds <= 3, "rounds");
            for (uint256 k = 0; k < 4; ++k) {
                vm.assertTrue(
                    _distance(outcomes[i].size[k], outcomes[0].size[k]) <= rounds,
                    "a lot a round apart"
                );
                // A lot at the furthest price from mark, and the tick by which each price is rounded, of 1,900 lots.
                uint256 lot = (_mark(perp) * 500 * 1200) / (10_000 << 16);
                vm.assertTrue(
                    _distance(outcomes[i].equity[k], outcomes[0].equity[k]) <= rounds * (lot + 1900 * 500),
                    "more than a lot and a tick apart"
                );
            }
        }
    }

    function _outcome() private returns (Outcome memory o) {
        AccountId[4] memory winners = [BOB, CAROL, DAVE, FRANK];
        for (uint256 i = 0; i < 4; ++i) _apply(winners[i]);
        _assertClosedExactly(perp);
        _assertConserved();
        for (uint256 i = 0; i < 4; ++i)
            (o.size[i], o.equity[i]) = (_size(winners[i], perp), _equity(winners[i]));
        (o.rounds, o.deficit) = (house.fund(perp).rounds, house.fund(perp).deficit);
    }

    function _distance(int256 a, int256 b) private pure returns (uint256) {
        return uint256(a > b ? a - b : b - a);
    }
}
