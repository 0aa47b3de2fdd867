// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";
import {IUsageIndex} from "../interfaces/IUsageIndex.sol";

/// @title IndexAggregator
/// @notice What both views of an index for readers of price feeds have in common. They read and never write, so anyone may
/// deploy them, and nobody has to.
/// @dev Answers have 18 decimals, as the index: fewer would be a rounding that its own markets do not make.
abstract contract IndexAggregator is AggregatorV3Interface {
    /// @notice There is no such round.
    error NoDataPresent(IUsageIndex source, bytes32 index, uint80 round);

    /// @inheritdoc AggregatorV3Interface
    // solhint-disable-next-line const-name-snakecase
    uint8 public constant decimals = 18;
    /// @inheritdoc AggregatorV3Interface
    // solhint-disable-next-line const-name-snakecase
    uint256 public constant version = 1;
    /// @inheritdoc AggregatorV3Interface
    string public description;
    /// @notice The index contract.
    IUsageIndex public immutable SOURCE;
    /// @notice Id of the index.
    bytes32 public immutable INDEX;

    /// @dev Fails for an index that is not listed.
    constructor(IUsageIndex source, bytes32 index, string memory description_) {
        source.config(index);
        (SOURCE, INDEX, description) = (source, index, description_);
    }

    /// @dev Unix time of a day's end: what is said of a day is known from then on.
    function _endOf(uint256 period) internal pure returns (uint256) {
        return (period + 1) * 1 days;
    }
}
