// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title SyntheticFeed
/// @notice A price feed with Chainlink's interface for local chains: its deployer writes the answers, and says so in its
/// description.
contract SyntheticFeed {
    /// @notice An answer, and the Unix time that it claims.
    struct Answer {
        int192 value;
        uint64 updatedAt;
    }

    /// @notice Only the deployer writes.
    error NotTheWriter(address caller, address writer);
    /// @notice There is no such round.
    error NoDataPresent(uint80 round, uint256 newest);

    string public constant description = "SYNTHETIC GPU-hour / USD";
    uint8 public constant decimals = 8;
    uint256 public constant version = 1;
    address public immutable WRITER = msg.sender;

    Answer[] private _answers;

    /// @notice Adds answers, each as a round of its own; the first round is 1.
    function append(Answer[] calldata answers) external {
        if (msg.sender != WRITER) revert NotTheWriter(msg.sender, WRITER);
        for (uint256 i; i < answers.length; ++i) _answers.push(answers[i]);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(uint80(_answers.length));
    }

    function getRoundData(uint80 round) public view returns (uint80, int256, uint256, uint256, uint80) {
        if (round == 0 || round > _answers.length) revert NoDataPresent(round, _answers.length);
        Answer memory data = _answers[round - 1];
        return (round, data.value, data.updatedAt, data.updatedAt, round);
    }
}
