// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Whether people can fill seats
/// @notice Four roles, each with a number of seats. Somebody with several roles fills
/// one seat, of whichever role is best for the whole.
library Seats {
    /// @notice All four roles.
    uint8 internal constant ALL = 15;

    /// @notice Puts the seats of the roles side by side, 8 bits each.
    function pack(uint8[4] calldata seats) internal pure returns (uint32) {
        return uint32(seats[0]) | uint32(seats[1]) << 8 | uint32(seats[2]) << 16 | uint32(seats[3]) << 24;
    }

    /// @notice The other way round.
    function unpack(uint32 seats) internal pure returns (uint8[4] memory) {
        // Each takes its own 8 bits.
        // forge-lint: disable-next-line(unsafe-typecast)
        return [uint8(seats), uint8(seats >> 8), uint8(seats >> 16), uint8(seats >> 24)];
    }

    /// @notice Adds person number `i` to a list of people's roles, 4 bits each.
    function add(uint256 people, uint256 i, uint8 roles) internal pure returns (uint256) {
        return people | uint256(roles) << (4 * i);
    }

    /// @notice Whether the first `n` people of a list fill all seats. At most 64 people.
    /// @dev Hall's theorem: they do if, for every set of roles, at least as many people
    /// have one of these roles as these roles have seats.
    function filled(uint32 seats, uint256 people, uint256 n) internal pure returns (bool) {
        uint256 wanted = 0;
        for (uint256 r = 0; r < 4; ++r) {
            // forge-lint: disable-next-line(incorrect-shift)
            if (seats >> (8 * r) & 0xff != 0) wanted |= 1 << r;
        }
        for (uint256 set = wanted; set != 0; set = (set - 1) & wanted) {
            uint256 need = 0;
            for (uint256 r = 0; r < 4; ++r) {
                if (set >> r & 1 != 0) need += seats >> (8 * r) & 0xff;
            }
            for (uint256 i = 0; i < n && need != 0; ++i) {
                if (people >> (4 * i) & set != 0) --need;
            }
            if (need != 0) return false;
        }
        return true;
    }
}
