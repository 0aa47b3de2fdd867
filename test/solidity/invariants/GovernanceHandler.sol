// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AccountView,
    MarginChange,
    MarketListing
} from "../../../contracts/clearing/interfaces/ClearingTypes.sol";
import {MarketId} from "../../../contracts/types/Identifiers.sol";
import {HandlerBase} from "./HandlerBase.sol";
import {MarketFacts, Picture} from "./Inspector.sol";
import {Actor, World} from "./World.sol";

/// What officers do, what they cannot do, and that nobody else can.
contract GovernanceHandler is HandlerBase {
    address private constant TREASURY = address(0xFEE5);
    /// Day from which a change is announced to hold → day before which it must not.
    mapping(uint256 period => uint256) private notice;

    constructor(World world_) HandlerBase(world_) {}

    function guard(uint256 market) external {
        _govern(world.officer(0), abi.encodeCall(house.stopNewRisk, (_market(market))));
    }

    function resume(uint256 market) external {
        bytes memory call_ = abi.encodeCall(house.resumeNewRisk, (_market(market)));
        (bool byGuard, ) = world.act(world.officer(0), call_);
        if (byGuard) world.fail("G-01: the guardian started new risk again");
        _govern(world.officer(2), call_);
    }

    function collect(uint256 market) external {
        _govern(world.officer(1), abi.encodeCall(house.collectFees, (_market(market), TREASURY)));
    }

    function skim() external {
        uint256 surplus = world.collateral().balanceOf(address(house)) - house.tracked();
        if (surplus != world.donated()) world.fail("C-05: the surplus is not what was given");
        (bool success, ) = world.act(world.officer(1), abi.encodeCall(house.skim, (TREASURY)));
        if (success) world.skimmed();
    }

    function parameters(uint256 market, uint256 which, uint256 value) external {
        MarketId id = _market(market);
        MarketListing memory l = house.listing(id);
        bytes memory call_;
        if (which % 3 == 0) {
            call_ = abi.encodeCall(house.setFees, (id, uint16(value % 80), int16(int256(value % 60) - 30)));
        } else if (which % 3 == 1) {
            call_ = abi.encodeCall(
                house.setLimits,
                (id, uint40(16_384 * (1 + (value % 500))), uint40(8_000 + (value % 50_000)))
            );
        } else {
            call_ = abi.encodeCall(
                house.setFundTerms,
                (id, uint40(value % 40_000), l.fundCoverBps, uint16(value % 10_000), uint16(value % 150))
            );
        }
        _govern(world.officer(2), call_);
    }

    /// Margins change a week after they were announced at the earliest.
    function margins(uint256 market, uint256 which, uint256 value) external {
        MarketId id = _market(market);
        if (which % 4 == 0) {
            MarketFacts memory before = world.inspect().picture().markets[MarketId.unwrap(id) - 1];
            (, uint256 from) = house.pendingMargins(id);
            (bool applied, ) = world.act(world.STRANGER(), abi.encodeCall(house.applyMargins, (id)));
            MarketFacts memory now_ = world.inspect().picture().markets[MarketId.unwrap(id) - 1];
            if (
                applied &&
                (from == 0 || block.timestamp / 1 days < from || block.timestamp / 1 days < notice[from])
            ) world.fail("G-06: margins changed before they had been announced for a week");
            if (!applied && now_.maintenanceBps > before.maintenanceBps)
                world.fail("G-07: margins rose without a change that was announced");
            return;
        }
        if (which % 4 == 1) {
            _govern(world.officer(value % 2 == 0 ? 0 : 2), abi.encodeCall(house.cancelMargins, (id)));
            return;
        }
        MarketListing memory l = house.listing(id);
        MarginChange memory change;
        for (uint256 i = 0; i < 3; ++i) {
            change.tiers[i] = l.tiers[i];
            change.tiers[i].initialMarginBps += uint16(value % 300);
            change.tiers[i].maintenanceMarginBps += uint16((value >> 16) % 200);
        }
        (change.clampBps, change.concentrationLots) = (l.clampBps, l.concentrationLots);
        (change.spreadInitialBps, change.spreadMaintenanceBps) = (l.spreadInitialBps, l.spreadMaintenanceBps);
        (change.fundingCapBps, change.fundingInterestBps) = (l.fundingCapBps, l.fundingInterestBps);
        uint32 from_ = uint32(block.timestamp / 1 days + 6 + (value % 4));
        if (_govern(world.officer(2), abi.encodeCall(house.scheduleMargins, (id, change, from_)))) {
            if (from_ < block.timestamp / 1 days + 7)
                world.fail("G-08: margins were announced less than a week ahead");
            notice[from_] = block.timestamp / 1 days + 7;
        }
    }

    /// Nobody but the officer of a thing does it, least of all the guardian.
    function usurp(uint256 actor, uint256 market, uint256 which) external {
        MarketId id = _market(market);
        bytes memory call_;
        if (which % 5 == 0) call_ = abi.encodeCall(house.setFees, (id, 1, 1));
        else if (which % 5 == 1) call_ = abi.encodeCall(house.collectFees, (id, TREASURY));
        else if (which % 5 == 2) call_ = abi.encodeCall(house.skim, (TREASURY));
        else if (which % 5 == 3) call_ = abi.encodeCall(house.resumeNewRisk, (id));
        else call_ = abi.encodeCall(house.setLimits, (id, 16_384, 1));
        (bool one, ) = world.act(world.actor(actor).owner, call_);
        (bool two, ) = world.act(world.officer(0), call_);
        if (one || two) world.fail("G-02: somebody did what only an officer may");
        (one, ) = world.act(world.actor(actor).owner, abi.encodeCall(house.stopNewRisk, (id)));
        (two, ) = world.act(world.officer(2), abi.encodeCall(house.stopNewRisk, (id)));
        if (one || two) world.fail("G-02: somebody did what only an officer may");
        (one, ) = world.act(
            world.actor(actor).owner,
            abi.encodeWithSignature(
                "onIndexPushed(bytes32,uint256,uint32,uint32)",
                bytes32("TU1D"),
                1,
                9999,
                20_500
            )
        );
        if (one) world.fail("G-03: somebody but the index contract posted a price");
    }

    /// An officer's call moves nobody's money and makes nobody liquidatable.
    function _govern(address officer, bytes memory call_) private returns (bool success) {
        _syncAll();
        Picture memory before = world.inspect().picture();
        bool[] memory healthy = new bool[](world.actorCount());
        for (uint256 i = 0; i < healthy.length; ++i) healthy[i] = _isHealthy(i);
        (success, ) = world.act(officer, call_);
        if (!success) return false;
        Picture memory after_ = world.inspect().picture();
        if (
            keccak256(abi.encode(before.purses, before.positions)) !=
            keccak256(abi.encode(after_.purses, after_.positions))
        ) world.fail("G-04: an officer changed an account");
        for (uint256 i = 0; i < healthy.length; ++i) {
            if (healthy[i] && !_isHealthy(i)) world.fail("G-05: an officer made an account liquidatable");
        }
    }

    function _isHealthy(uint256 i) private view returns (bool) {
        AccountView memory v = house.account(world.actor(i).account);
        return v.equity >= int256(v.maintenanceMargin);
    }
}
