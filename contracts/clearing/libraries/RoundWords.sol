// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DeleveragingShares} from "./DeleveragingShares.sol";
import {Rounding} from "./Rounding.sol";

/// @dev A deleveraging round: `lots` of the winning side close at `tick`, shared over the `side` lots that it had.
///
///      | 255..197 – | 196..141 funding (signed) | 140 longs | 139..116 tick | 115..76 served | 75..36 side | 35..0 lots |
///
///      served: lots of the winning side that have taken their part. longs: whether the longs win. funding: cumulative
///      funding at the round, up to which what it closes has paid.
type Round is uint256;

/// @dev The rounds of a market are numbered from 1. All up to `finished` are served whole.
///
///      | 255..28 – | 27..14 finished | 13..0 newest |
type RoundHead is uint256;

using RoundWords for Round global;
using RoundHeads for RoundHead global;

/// @notice Fields of `Round`.
library RoundWords {
    using Rounding for int256;
    using Rounding for uint256;

    uint256 private constant LOTS = (1 << 40) - 1;

    /// @dev A round that nobody has been served of.
    function make(
        uint256 lots_,
        uint256 side_,
        uint256 tick_,
        bool longs_,
        int256 funding_
    ) internal pure returns (Round) {
        return
            Round.wrap(
                lots_.fit(36) |
                    (side_.fit(40) << 36) |
                    (tick_.fit(24) << 116) |
                    (longs_ ? 1 << 140 : 0) |
                    (funding_.fitSigned(56) << 141)
            );
    }

    function lots(Round w) internal pure returns (uint256) {
        return Round.unwrap(w) & ((1 << 36) - 1);
    }

    function side(Round w) internal pure returns (uint256) {
        return (Round.unwrap(w) >> 36) & LOTS;
    }

    function served(Round w) internal pure returns (uint256) {
        return (Round.unwrap(w) >> 76) & LOTS;
    }

    function withServed(Round w, uint256 value) internal pure returns (Round) {
        return Round.wrap((Round.unwrap(w) & ~(LOTS << 76)) | (value.fit(40) << 76));
    }

    function tick(Round w) internal pure returns (uint256) {
        return (Round.unwrap(w) >> 116) & 0xffffff;
    }

    function longs(Round w) internal pure returns (bool) {
        return (Round.unwrap(w) >> 140) & 1 == 1;
    }

    function funding(Round w) internal pure returns (int256) {
        return (Round.unwrap(w) >> 141).signed(56);
    }

    /// @dev Lots closed once `served_` lots of the side have been served. In a round that was recorded, side is never 0.
    function closed(Round w, uint256 served_) internal pure returns (uint256) {
        return DeleveragingShares.closed(served_, w.lots(), w.side());
    }

    function isFinished(Round w) internal pure returns (bool) {
        return w.served() == w.side();
    }

    function unwrap(Round w) internal pure returns (uint256) {
        return Round.unwrap(w);
    }
}

/// @notice Fields of `RoundHead`.
library RoundHeads {
    using Rounding for uint256;

    function newest(RoundHead w) internal pure returns (uint256) {
        return RoundHead.unwrap(w) & 0x3fff;
    }

    function finished(RoundHead w) internal pure returns (uint256) {
        return (RoundHead.unwrap(w) >> 14) & 0x3fff;
    }

    function unfinished(RoundHead w) internal pure returns (uint256) {
        return w.newest() - w.finished();
    }

    function make(uint256 newest_, uint256 finished_) internal pure returns (RoundHead) {
        return RoundHead.wrap(newest_.fit(14) | (finished_.fit(14) << 14));
    }

    function unwrap(RoundHead w) internal pure returns (uint256) {
        return RoundHead.unwrap(w);
    }
}
