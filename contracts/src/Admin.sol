// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";

/// @title One admin, who hands over in two steps and a delay, and cannot vanish
/// @notice Only the admin grants and takes roles. A successor is named, waits, and
/// accepts; until then the admin can take it back. There is always an admin.
abstract contract Admin is AccessControlDefaultAdminRules {
    /// @notice Nobody would be admin any more.
    error AdminCannotVanish();

    /// @param admin The first admin: a Safe or a timelock, not one person's key.
    /// @param delay Seconds between naming a successor and their acceptance.
    constructor(address admin, uint48 delay) AccessControlDefaultAdminRules(delay, admin) {}

    /// @dev The only way to no admin is a transfer to nobody: renouncing needs one.
    function _beginDefaultAdminTransfer(address newAdmin) internal override {
        if (newAdmin == address(0)) revert AdminCannotVanish();
        super._beginDefaultAdminTransfer(newAdmin);
    }
}
