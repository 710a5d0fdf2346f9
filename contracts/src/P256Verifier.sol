// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC7913P256Verifier} from "@openzeppelin/contracts/utils/cryptography/verifiers/ERC7913P256Verifier.sol";

/// @title P256Verifier
/// @notice OpenZeppelin's ERC-7913 verifier, so that it can be deployed once a chain. A
/// P-256 key is a signer of 84 bytes: the address of this contract, x and y. It has no
/// state and no owner. High s is refused.
contract P256Verifier is ERC7913P256Verifier {}
