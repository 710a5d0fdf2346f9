// SPDX-License-Identifier: Apache-2.0

// Code generated via abigen V2 - DO NOT EDIT.
// This file is a generated binding and any manual changes will be lost.

package deploymentgate

import (
	"bytes"
	"errors"
	"math/big"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/accounts/abi/bind/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
)

// Reference imports to suppress errors if they are not otherwise used.
var (
	_ = bytes.Equal
	_ = errors.New
	_ = big.NewInt
	_ = common.Big1
	_ = types.BloomLookup
	_ = abi.ConvertType
)

// IDeploymentGatePerson is an auto generated low-level Go binding around an user-defined struct.
type IDeploymentGatePerson struct {
	Roles   uint8
	Signers [][]byte
}

// IDeploymentGatePolicy is an auto generated low-level Go binding around an user-defined struct.
type IDeploymentGatePolicy struct {
	Executor  common.Address
	Seats     [4]uint8
	VetoRoles uint8
	MaxAge    *big.Int
}

// IDeploymentGateRequest is an auto generated low-level Go binding around an user-defined struct.
type IDeploymentGateRequest struct {
	Request     [32]byte
	Environment [32]byte
	Artifact    [32]byte
	Commit      [32]byte
	Epoch       uint32
	Expires     *big.Int
	Excluded    *big.Int
}

// IDeploymentGateVote is an auto generated low-level Go binding around an user-defined struct.
type IDeploymentGateVote struct {
	Signer     []byte
	ValidUntil *big.Int
	Signature  []byte
}

// DeploymentGateMetaData contains all meta data concerning the DeploymentGate contract.
var DeploymentGateMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"address\",\"name\":\"admin\",\"type\":\"address\"},{\"internalType\":\"uint48\",\"name\":\"delay\",\"type\":\"uint48\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[],\"name\":\"AccessControlBadConfirmation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint48\",\"name\":\"schedule\",\"type\":\"uint48\"}],\"name\":\"AccessControlEnforcedDefaultAdminDelay\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"AccessControlEnforcedDefaultAdminRules\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"defaultAdmin\",\"type\":\"address\"}],\"name\":\"AccessControlInvalidDefaultAdmin\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"neededRole\",\"type\":\"bytes32\"}],\"name\":\"AccessControlUnauthorizedAccount\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"AdminCannotVanish\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"}],\"name\":\"AlreadyProposed\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint8\",\"name\":\"part\",\"type\":\"uint8\"}],\"name\":\"BadPolicy\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"index\",\"type\":\"uint256\"}],\"name\":\"BadSignature\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"index\",\"type\":\"uint256\"},{\"internalType\":\"uint8\",\"name\":\"person\",\"type\":\"uint8\"}],\"name\":\"Duplicate\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"EmptyDigest\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"index\",\"type\":\"uint256\"},{\"internalType\":\"uint8\",\"name\":\"person\",\"type\":\"uint8\"}],\"name\":\"Excluded\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint40\",\"name\":\"until\",\"type\":\"uint40\"}],\"name\":\"Expired\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"index\",\"type\":\"uint256\"},{\"internalType\":\"uint8\",\"name\":\"person\",\"type\":\"uint8\"}],\"name\":\"HasWithdrawn\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"InvalidShortString\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"}],\"name\":\"NoPolicy\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"NoQuorum\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint8\",\"name\":\"person\",\"type\":\"uint8\"}],\"name\":\"NoVeto\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotAllowed\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"index\",\"type\":\"uint256\"}],\"name\":\"NotMember\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint8\",\"name\":\"person\",\"type\":\"uint8\"}],\"name\":\"ProposerNotExcluded\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint8\",\"name\":\"bits\",\"type\":\"uint8\"},{\"internalType\":\"uint256\",\"name\":\"value\",\"type\":\"uint256\"}],\"name\":\"SafeCastOverflowedUintDowncast\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"string\",\"name\":\"str\",\"type\":\"string\"}],\"name\":\"StringTooLong\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint40\",\"name\":\"latest\",\"type\":\"uint40\"},{\"internalType\":\"uint40\",\"name\":\"got\",\"type\":\"uint40\"}],\"name\":\"TooLong\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"index\",\"type\":\"uint256\"},{\"internalType\":\"uint40\",\"name\":\"validUntil\",\"type\":\"uint40\"}],\"name\":\"VoteExpired\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint32\",\"name\":\"current\",\"type\":\"uint32\"},{\"internalType\":\"uint32\",\"name\":\"got\",\"type\":\"uint32\"}],\"name\":\"WrongEpoch\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"},{\"internalType\":\"enumIDeploymentGate.Status\",\"name\":\"status\",\"type\":\"uint8\"}],\"name\":\"WrongStatus\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint24\",\"name\":\"voters\",\"type\":\"uint24\"},{\"indexed\":false,\"internalType\":\"uint40\",\"name\":\"until\",\"type\":\"uint40\"}],\"name\":\"Approved\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"address\",\"name\":\"by\",\"type\":\"address\"}],\"name\":\"Cancelled\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"uint32\",\"name\":\"epoch\",\"type\":\"uint32\"}],\"name\":\"Closed\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[],\"name\":\"DefaultAdminDelayChangeCanceled\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":false,\"internalType\":\"uint48\",\"name\":\"newDelay\",\"type\":\"uint48\"},{\"indexed\":false,\"internalType\":\"uint48\",\"name\":\"effectSchedule\",\"type\":\"uint48\"}],\"name\":\"DefaultAdminDelayChangeScheduled\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[],\"name\":\"DefaultAdminTransferCanceled\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"newAdmin\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint48\",\"name\":\"acceptSchedule\",\"type\":\"uint48\"}],\"name\":\"DefaultAdminTransferScheduled\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[],\"name\":\"EIP712DomainChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"evidence\",\"type\":\"bytes32\"}],\"name\":\"Executed\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"uint32\",\"name\":\"epoch\",\"type\":\"uint32\"},{\"components\":[{\"internalType\":\"address\",\"name\":\"executor\",\"type\":\"address\"},{\"internalType\":\"uint8[4]\",\"name\":\"seats\",\"type\":\"uint8[4]\"},{\"internalType\":\"uint8\",\"name\":\"vetoRoles\",\"type\":\"uint8\"},{\"internalType\":\"uint24\",\"name\":\"maxAge\",\"type\":\"uint24\"}],\"indexed\":false,\"internalType\":\"structIDeploymentGate.Policy\",\"name\":\"policy\",\"type\":\"tuple\"},{\"components\":[{\"internalType\":\"uint8\",\"name\":\"roles\",\"type\":\"uint8\"},{\"internalType\":\"bytes[]\",\"name\":\"signers\",\"type\":\"bytes[]\"}],\"indexed\":false,\"internalType\":\"structIDeploymentGate.Person[]\",\"name\":\"people\",\"type\":\"tuple[]\"}],\"name\":\"PolicySet\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"address\",\"name\":\"proposer\",\"type\":\"address\"},{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"artifact\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"commit\",\"type\":\"bytes32\"},{\"internalType\":\"uint32\",\"name\":\"epoch\",\"type\":\"uint32\"},{\"internalType\":\"uint40\",\"name\":\"expires\",\"type\":\"uint40\"},{\"internalType\":\"uint24\",\"name\":\"excluded\",\"type\":\"uint24\"}],\"indexed\":false,\"internalType\":\"structIDeploymentGate.Request\",\"name\":\"details\",\"type\":\"tuple\"}],\"name\":\"Proposed\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"previousAdminRole\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"newAdminRole\",\"type\":\"bytes32\"}],\"name\":\"RoleAdminChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"}],\"name\":\"RoleGranted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"}],\"name\":\"RoleRevoked\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint8\",\"name\":\"person\",\"type\":\"uint8\"}],\"name\":\"Vetoed\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint8\",\"name\":\"person\",\"type\":\"uint8\"}],\"name\":\"Withdrawn\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"DEFAULT_ADMIN_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MAX_PEOPLE\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MAX_SIGNERS\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"PROPOSER_ROLE\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"REQUEST_TYPEHASH\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"VOTE_TYPEHASH\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"acceptDefaultAdminTransfer\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"artifact\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"commit\",\"type\":\"bytes32\"},{\"internalType\":\"uint32\",\"name\":\"epoch\",\"type\":\"uint32\"},{\"internalType\":\"uint40\",\"name\":\"expires\",\"type\":\"uint40\"},{\"internalType\":\"uint24\",\"name\":\"excluded\",\"type\":\"uint24\"}],\"internalType\":\"structIDeploymentGate.Request\",\"name\":\"r\",\"type\":\"tuple\"},{\"components\":[{\"internalType\":\"bytes\",\"name\":\"signer\",\"type\":\"bytes\"},{\"internalType\":\"uint40\",\"name\":\"validUntil\",\"type\":\"uint40\"},{\"internalType\":\"bytes\",\"name\":\"signature\",\"type\":\"bytes\"}],\"internalType\":\"structIDeploymentGate.Vote[]\",\"name\":\"votes\",\"type\":\"tuple[]\"}],\"name\":\"approve\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"newAdmin\",\"type\":\"address\"}],\"name\":\"beginDefaultAdminTransfer\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"artifact\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"commit\",\"type\":\"bytes32\"},{\"internalType\":\"uint32\",\"name\":\"epoch\",\"type\":\"uint32\"},{\"internalType\":\"uint40\",\"name\":\"expires\",\"type\":\"uint40\"},{\"internalType\":\"uint24\",\"name\":\"excluded\",\"type\":\"uint24\"}],\"internalType\":\"structIDeploymentGate.Request\",\"name\":\"r\",\"type\":\"tuple\"}],\"name\":\"cancel\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"cancelDefaultAdminTransfer\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint48\",\"name\":\"newDelay\",\"type\":\"uint48\"}],\"name\":\"changeDefaultAdminDelay\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"}],\"name\":\"close\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"defaultAdmin\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"defaultAdminDelay\",\"outputs\":[{\"internalType\":\"uint48\",\"name\":\"\",\"type\":\"uint48\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"defaultAdminDelayIncreaseWait\",\"outputs\":[{\"internalType\":\"uint48\",\"name\":\"\",\"type\":\"uint48\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"eip712Domain\",\"outputs\":[{\"internalType\":\"bytes1\",\"name\":\"fields\",\"type\":\"bytes1\"},{\"internalType\":\"string\",\"name\":\"name\",\"type\":\"string\"},{\"internalType\":\"string\",\"name\":\"version\",\"type\":\"string\"},{\"internalType\":\"uint256\",\"name\":\"chainId\",\"type\":\"uint256\"},{\"internalType\":\"address\",\"name\":\"verifyingContract\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"salt\",\"type\":\"bytes32\"},{\"internalType\":\"uint256[]\",\"name\":\"extensions\",\"type\":\"uint256[]\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"artifact\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"commit\",\"type\":\"bytes32\"},{\"internalType\":\"uint32\",\"name\":\"epoch\",\"type\":\"uint32\"},{\"internalType\":\"uint40\",\"name\":\"expires\",\"type\":\"uint40\"},{\"internalType\":\"uint24\",\"name\":\"excluded\",\"type\":\"uint24\"}],\"internalType\":\"structIDeploymentGate.Request\",\"name\":\"r\",\"type\":\"tuple\"}],\"name\":\"executable\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"artifact\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"commit\",\"type\":\"bytes32\"},{\"internalType\":\"uint32\",\"name\":\"epoch\",\"type\":\"uint32\"},{\"internalType\":\"uint40\",\"name\":\"expires\",\"type\":\"uint40\"},{\"internalType\":\"uint24\",\"name\":\"excluded\",\"type\":\"uint24\"}],\"internalType\":\"structIDeploymentGate.Request\",\"name\":\"r\",\"type\":\"tuple\"},{\"internalType\":\"bytes32\",\"name\":\"evidence\",\"type\":\"bytes32\"}],\"name\":\"execute\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"}],\"name\":\"getRoleAdmin\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"grantRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"hasRole\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"artifact\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"commit\",\"type\":\"bytes32\"},{\"internalType\":\"uint32\",\"name\":\"epoch\",\"type\":\"uint32\"},{\"internalType\":\"uint40\",\"name\":\"expires\",\"type\":\"uint40\"},{\"internalType\":\"uint24\",\"name\":\"excluded\",\"type\":\"uint24\"}],\"internalType\":\"structIDeploymentGate.Request\",\"name\":\"r\",\"type\":\"tuple\"}],\"name\":\"idOf\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"pure\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"internalType\":\"uint32\",\"name\":\"epoch\",\"type\":\"uint32\"},{\"internalType\":\"bytes\",\"name\":\"signer\",\"type\":\"bytes\"}],\"name\":\"memberOf\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"member\",\"type\":\"bool\"},{\"internalType\":\"uint8\",\"name\":\"person\",\"type\":\"uint8\"},{\"internalType\":\"uint8\",\"name\":\"roles\",\"type\":\"uint8\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"owner\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"pendingDefaultAdmin\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"newAdmin\",\"type\":\"address\"},{\"internalType\":\"uint48\",\"name\":\"schedule\",\"type\":\"uint48\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"pendingDefaultAdminDelay\",\"outputs\":[{\"internalType\":\"uint48\",\"name\":\"newDelay\",\"type\":\"uint48\"},{\"internalType\":\"uint48\",\"name\":\"schedule\",\"type\":\"uint48\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"}],\"name\":\"policyOf\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"open\",\"type\":\"bool\"},{\"internalType\":\"uint32\",\"name\":\"epoch\",\"type\":\"uint32\"},{\"components\":[{\"internalType\":\"address\",\"name\":\"executor\",\"type\":\"address\"},{\"internalType\":\"uint8[4]\",\"name\":\"seats\",\"type\":\"uint8[4]\"},{\"internalType\":\"uint8\",\"name\":\"vetoRoles\",\"type\":\"uint8\"},{\"internalType\":\"uint24\",\"name\":\"maxAge\",\"type\":\"uint24\"}],\"internalType\":\"structIDeploymentGate.Policy\",\"name\":\"policy\",\"type\":\"tuple\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"artifact\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"commit\",\"type\":\"bytes32\"},{\"internalType\":\"uint32\",\"name\":\"epoch\",\"type\":\"uint32\"},{\"internalType\":\"uint40\",\"name\":\"expires\",\"type\":\"uint40\"},{\"internalType\":\"uint24\",\"name\":\"excluded\",\"type\":\"uint24\"}],\"internalType\":\"structIDeploymentGate.Request\",\"name\":\"r\",\"type\":\"tuple\"}],\"name\":\"propose\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"renounceRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"role\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"revokeRole\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"rollbackDefaultAdminDelay\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"components\":[{\"internalType\":\"address\",\"name\":\"executor\",\"type\":\"address\"},{\"internalType\":\"uint8[4]\",\"name\":\"seats\",\"type\":\"uint8[4]\"},{\"internalType\":\"uint8\",\"name\":\"vetoRoles\",\"type\":\"uint8\"},{\"internalType\":\"uint24\",\"name\":\"maxAge\",\"type\":\"uint24\"}],\"internalType\":\"structIDeploymentGate.Policy\",\"name\":\"policy\",\"type\":\"tuple\"},{\"components\":[{\"internalType\":\"uint8\",\"name\":\"roles\",\"type\":\"uint8\"},{\"internalType\":\"bytes[]\",\"name\":\"signers\",\"type\":\"bytes[]\"}],\"internalType\":\"structIDeploymentGate.Person[]\",\"name\":\"people\",\"type\":\"tuple[]\"}],\"name\":\"setPolicy\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"}],\"name\":\"stateOf\",\"outputs\":[{\"internalType\":\"enumIDeploymentGate.Status\",\"name\":\"status\",\"type\":\"uint8\"},{\"internalType\":\"address\",\"name\":\"proposer\",\"type\":\"address\"},{\"internalType\":\"uint40\",\"name\":\"until\",\"type\":\"uint40\"},{\"internalType\":\"uint24\",\"name\":\"voters\",\"type\":\"uint24\"},{\"internalType\":\"uint24\",\"name\":\"withdrawn\",\"type\":\"uint24\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes4\",\"name\":\"interfaceId\",\"type\":\"bytes4\"}],\"name\":\"supportsInterface\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"artifact\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"commit\",\"type\":\"bytes32\"},{\"internalType\":\"uint32\",\"name\":\"epoch\",\"type\":\"uint32\"},{\"internalType\":\"uint40\",\"name\":\"expires\",\"type\":\"uint40\"},{\"internalType\":\"uint24\",\"name\":\"excluded\",\"type\":\"uint24\"}],\"internalType\":\"structIDeploymentGate.Request\",\"name\":\"r\",\"type\":\"tuple\"},{\"components\":[{\"internalType\":\"bytes\",\"name\":\"signer\",\"type\":\"bytes\"},{\"internalType\":\"uint40\",\"name\":\"validUntil\",\"type\":\"uint40\"},{\"internalType\":\"bytes\",\"name\":\"signature\",\"type\":\"bytes\"}],\"internalType\":\"structIDeploymentGate.Vote\",\"name\":\"vote\",\"type\":\"tuple\"}],\"name\":\"veto\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"artifact\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"commit\",\"type\":\"bytes32\"},{\"internalType\":\"uint32\",\"name\":\"epoch\",\"type\":\"uint32\"},{\"internalType\":\"uint40\",\"name\":\"expires\",\"type\":\"uint40\"},{\"internalType\":\"uint24\",\"name\":\"excluded\",\"type\":\"uint24\"}],\"internalType\":\"structIDeploymentGate.Request\",\"name\":\"r\",\"type\":\"tuple\"},{\"internalType\":\"enumIDeploymentGate.Decision\",\"name\":\"decision\",\"type\":\"uint8\"},{\"internalType\":\"uint40\",\"name\":\"validUntil\",\"type\":\"uint40\"}],\"name\":\"voteDigest\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"request\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"environment\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"artifact\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"commit\",\"type\":\"bytes32\"},{\"internalType\":\"uint32\",\"name\":\"epoch\",\"type\":\"uint32\"},{\"internalType\":\"uint40\",\"name\":\"expires\",\"type\":\"uint40\"},{\"internalType\":\"uint24\",\"name\":\"excluded\",\"type\":\"uint24\"}],\"internalType\":\"structIDeploymentGate.Request\",\"name\":\"r\",\"type\":\"tuple\"},{\"components\":[{\"internalType\":\"bytes\",\"name\":\"signer\",\"type\":\"bytes\"},{\"internalType\":\"uint40\",\"name\":\"validUntil\",\"type\":\"uint40\"},{\"internalType\":\"bytes\",\"name\":\"signature\",\"type\":\"bytes\"}],\"internalType\":\"structIDeploymentGate.Vote\",\"name\":\"vote\",\"type\":\"tuple\"}],\"name\":\"withdraw\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"}]",
	ID:  "ab85ebff97f0334845b4f108f88d892c6d",
	Bin: "0x61016080604052346101fa57604081614ff8803803809161002082856101fe565b8339810103126101fa578051906001600160a01b038216908183036101fa57602001519065ffffffffffff821682036101fa576040516100616040826101fe565b6019815260208101917f476174656c6564676572204465706c6f796d656e74476174650000000000000083526040519461009c6040876101fe565b600186526020860194603160f81b865282156101e757600180546001600160d01b031660d09290921b6001600160d01b031916919091179055600254916001600160a01b0383166101d8576100fd9260018060a01b031916176002556102a0565b5061010781610235565b6101205261011484610235565b61014052519020918260e05251902080610100524660a0526040519060208201927f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f8452604083015260608201524660808201523060a082015260a0815261017d60c0826101fe565b5190206080523060c052604051614cae908161032a823960805181614a24015260a05181614adb015260c051816149f5015260e05181614a7301526101005181614a99015261012051816116730152610140518161169c0152f35b631fe1e13d60e11b5f5260045ffd5b636116401160e11b5f525f60045260245ffd5b5f80fd5b601f909101601f19168101906001600160401b0382119082101761022157604052565b634e487b7160e01b5f52604160045260245ffd5b601f815111610260576020815191015160208210610251571790565b5f198260200360031b1b161790565b604460209160405192839163305a27a960e01b83528160048401528051918291826024860152018484015e5f828201840152601f01601f19168101030190fd5b6001600160a01b0381165f9081525f516020614fd85f395f51905f52602052604090205460ff16610324576001600160a01b03165f8181525f516020614fd85f395f51905f5260205260408120805460ff191660011790553391907f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d8180a4600190565b505f9056fe6080806040526004361015610012575f80fd5b5f3560e01c90816301ffc9a71461345857508063022d63fb1461341d5780630aa6220b146133395780630b1e940e14612a475780630f81b49f14612a0e578063248a9ca3146129c65780632d57536c1461298d5780632f2ff15d1461292c57806336568abe146127a157806339c79e0c146125835780635483a0b5146123ce57806359ecd65714612395578063634e93da1461223857806364482ac41461214e578063649a5ec714611f215780637b1ecab61461197d57806382425b451461176f57806384b0196e1461163d57806384ef8ffc1461111457806386522973146115e55780638d83750d146111655780638da5cb5b146111145780638e59e9a214610e7e5780638f61f4f514610e2657806391d1485414610db25780639e39b73e14610d5a578063a0108f3b14610a39578063a1eda53c146109b9578063a217fddf14610981578063b0061a0c14610892578063b421cba81461071b578063c8a0f9b714610567578063cc8463c81461051f578063cefc1429146103e6578063cf6eefb71461035c578063d547741f146102cc578063d602b9fd146102355763eb15962f146101be575f80fd5b34610231577ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360161012081126102315760e0136102315760e435600481101561023157610104359064ffffffffff821682036102315760209161022991610224613872565b614130565b604051908152f35b5f80fd5b34610231575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102315761026b613a3d565b600180547fffffffffffff0000000000000000000000000000000000000000000000000000811690915560a01c65ffffffffffff166102a657005b7f8886ebfc4259abdbc16601dd8fb5678e54878f47b3c34836cfc51154a96051095f80a1005b346102315760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261023157600435610306613578565b8115610334578161032d610328610332945f525f602052600160405f20015490565b613aa5565b6143ae565b005b7f3fc3c27a000000000000000000000000000000000000000000000000000000005f5260045ffd5b34610231575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261023157604065ffffffffffff6103c06001549065ffffffffffff73ffffffffffffffffffffffffffffffffffffffff83169260a01c1690565b73ffffffffffffffffffffffffffffffffffffffff849392935193168352166020820152f35b34610231575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102315760015473ffffffffffffffffffffffffffffffffffffffff1633036104f35760015460a081901c65ffffffffffff169073ffffffffffffffffffffffffffffffffffffffff16811580156104e9575b6104bd576104929061048c73ffffffffffffffffffffffffffffffffffffffff60025416614341565b50614263565b50600180547fffffffffffff0000000000000000000000000000000000000000000000000000169055005b507f19ca5ebb000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b5042821015610463565b7fc22c8022000000000000000000000000000000000000000000000000000000005f523360045260245ffd5b34610231575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610231576020610557613a04565b65ffffffffffff60405191168152f35b34610231577ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360161010081126102315760e0136102315773ffffffffffffffffffffffffffffffffffffffff6105bc613e00565b511633036106ef576105cc613872565b805f52600760205260405f20805460ff811660068110156106c2576002810361068d575064ffffffffff9060081c16804211610662575060037fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0082541617905560405160e4358152602435917ffd44331e022206c9b0e8600dc7269da502b92fdd6faba972bc455293efd23496602060043593a4005b7ff83d7985000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b6106bd90847f9d819744000000000000000000000000000000000000000000000000000000005f5260045261359b565b60445ffd5b7f4e487b71000000000000000000000000000000000000000000000000000000005f52602160045260245ffd5b7ffa5cd00f000000000000000000000000000000000000000000000000000000005f523360045260245ffd5b346102315760e07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610231576024355f52600560205260405f206040519061076582613725565b549073ffffffffffffffffffffffffffffffffffffffff82168152602081019063ffffffff8360a01c1682526080604082019363ffffffff8160c01c16855260ff8160e01c16606084015260e81c9101526107be613872565b5f52600760205260405f2063ffffffff604051916107db83613725565b54936107ea60ff8616846138fa565b602083019464ffffffffff8160081c16865262ffffff8160301c16604085015262ffffff8160481c16606085015260601c6080840152511615159182610872575b508161085a575b5060209181610847575b506040519015158152f35b64ffffffffff915051164211158261083c565b9050519060068210156106c257906002146020610832565b63ffffffff919250511663ffffffff610889613970565b1614908361082b565b346102315760607ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102315760243563ffffffff81168103610231576044359067ffffffffffffffff8211610231573660238301121561023157816004013567ffffffffffffffff811161023157366024828501011161023157610931926109219160243692016139ce565b60208151910120906004356140fb565b5f526006602052606060405f20604080519161094c8361378a565b5460ff811615159283815260ff808360081c169283602084015260101c16928391015260405192835260208301526040820152f35b34610231575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102315760206040515f8152f35b34610231575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610231576002548060d01c9081151580610a2f575b15610a255760a01c65ffffffffffff165b6040805165ffffffffffff928316815292909116602083015290f35b50505f5f90610a09565b50428210156109f8565b3461023157610a47366135a9565b610a508261401f565b9091610a5b84613efa565b505f60408051610a6a8161378a565b8281528260208201520152610aaa610a8460808601613983565b610a98610a918480613b95565b36916139ce565b602081519101209060208701356140fb565b5f52600660205260405f209060405191610ac38361378a565b549160ff831615908115815260ff6020820194818160081c16865260101c16604082015250610d2e576020810164ffffffffff610aff8261391a565b164211610cef5790610b1e610b16610b249361391a565b600387614130565b9061446c565b15610cc357606082018051825191929160ff16906001821b1662ffffff16610c9457506040830180518251919291600160ff919091161b1662ffffff16610c70575b62ffffff600160ff80845116161b1662ffffff808551169116178352845f52600760205260405f2084519260068410156106c2577fd8c4d27d6ff79b9f186604b23c1982fad5d3c2cc9c6dfb218a38b3065392ea8295602095610bcb60ff968561392c565b6bffffffffffffffffffffffff87830151937fffffffffffffffffffffffffffffffffffffffff0000000000000000000000ff65ffffffffff007fffffffffffffffffffffffffffffffffffffffff00000000000000000000000060806bffffff00000000000000000068ffffff0000000000008b54965160301b16975160481b1697015160601b169660081b169116171617171790555116936040519485523593a3005b600184525f825264ffffffffff610c8960a0880161391a565b166020850152610b66565b7fed0c3645000000000000000000000000000000000000000000000000000000005f525f60045260245260445ffd5b7fa1c97319000000000000000000000000000000000000000000000000000000005f525f60045260245ffd5b610cfe64ffffffffff9161391a565b7fcfdc5ed4000000000000000000000000000000000000000000000000000000005f525f6004521660245260445ffd5b7f278040da000000000000000000000000000000000000000000000000000000005f525f60045260245ffd5b34610231575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102315760206040517fd60da13caabdfff75cfe99061de3418e73d1cffe2398e34b3b9e8629afa544f28152f35b346102315760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261023157610de9613578565b6004355f525f60205273ffffffffffffffffffffffffffffffffffffffff60405f2091165f52602052602060ff60405f2054166040519015158152f35b34610231575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102315760206040517fb09aa5aeb3702cfd50b6b62bc4532604938f21248a27a1d5ca736082b6819cc18152f35b346102315760e07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261023157610eb5613dd6565b5060405160208101907fd60da13caabdfff75cfe99061de3418e73d1cffe2398e34b3b9e8629afa544f28252610eef6040820160046137f5565b6101008152610f00610120826137a6565b519020805f52600760205260405f2060405190610f1c82613725565b54610f2a60ff8216836138fa565b602082019064ffffffffff8160081c168252604083019162ffffff8260301c168352606084019062ffffff8360481c168252608085019260601c8352845160068110156106c25760011415806110ff575b6110c45773ffffffffffffffffffffffffffffffffffffffff8351163314158061108c575b6106ef5760058552855f52600760205260405f2094519060068210156106c257610fd76bffffffffffffffffffffffff928761392c565b51937fffffffffffffffffffffffffffffffffffffffff0000000000000000000000ff65ffffffffff007fffffffffffffffffffffffffffffffffffffffff0000000000000000000000006bffffff00000000000000000068ffffff0000000000008a54955160301b16965160481b16965160601b169660081b16911617161717179055604051903382527f38de1b6b83d8a53c9c04f534c234d2f441d65c657b489762e86484060382496c602060043593a3005b50335f9081527fad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5602052604090205460ff1615610fa0565b85855160068110156106c2576106bd917f9d819744000000000000000000000000000000000000000000000000000000005f5260045261359b565b50845160068110156106c25760021415610f7b565b34610231575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261023157602073ffffffffffffffffffffffffffffffffffffffff60025416604051908152f35b346102315760e07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261023157335f9081527f3412d5605ac6cd444957cedb533e5dacad6378b4bc819ebe3652188a665066d5602052604090205460ff1615611595576004358015801561158b575b8015611581575b611559576111e9613e00565b64ffffffffff6111f7613906565b16421161151f576080611208613906565b91019064ffffffffff61122162ffffff84511642613963565b9116116114cf575060243561125e611237613970565b60405160208101903360601b8252601481526112546034826137a6565b51902090836140fb565b5f52600660205260405f20604051906112768261378a565b549060ff8216151590818152604060ff808560081c169485602085015260101c16910152806114aa575b61147f57506112ad613872565b90815f52600760205260ff60405f20541660068110156106c257611453576112d3613906565b604051906112e082613725565b6001825264ffffffffff602083019116815260408201905f8252606083015f81526080840191338352865f52600760205260405f2094519060068210156106c2576113386bffffffffffffffffffffffff928761392c565b51937fffffffffffffffffffffffffffffffffffffffff0000000000000000000000ff65ffffffffff007fffffffffffffffffffffffffffffffffffffffff0000000000000000000000006bffffff00000000000000000068ffffff0000000000008a54955160301b16965160481b16965160601b169660081b16911617161717179055604051923384528060208501528160408501526044356060850152606435608085015260843563ffffffff81168091036102315760a085015260a43564ffffffffff81168091036102315760c085015260c43562ffffff8116809103610231577f656b505e6bbf7bf280d196041510681f7d7bdc0201dea7382116d557c88f07e461010086869360e06020990152a4604051908152f35b507f56a75c36000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b7f536af3d6000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b506114c9816114b761369d565b600160ff62ffffff93161b1616151590565b156112a0565b64ffffffffff6114e662ffffff8293511642613963565b166114ef613906565b907f81cef286000000000000000000000000000000000000000000000000000000005f526004521660245260445ffd5b64ffffffffff61152d613906565b7ff83d7985000000000000000000000000000000000000000000000000000000005f521660045260245ffd5b7f73ca6097000000000000000000000000000000000000000000000000000000005f5260045ffd5b50606435156111dd565b50604435156111d6565b7fe2517d3f000000000000000000000000000000000000000000000000000000005f52336004527fb09aa5aeb3702cfd50b6b62bc4532604938f21248a27a1d5ca736082b6819cc160245260445ffd5b34610231575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102315760206040517f4a0b0945bbbc85fd08ae0ce7c5bec8da2c87fb675163f20c0ed3e6348d9f77308152f35b34610231575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610231576117136116977f00000000000000000000000000000000000000000000000000000000000000006144ed565b6116c07f00000000000000000000000000000000000000000000000000000000000000006144ed565b6020611721604051926116d383856137a6565b5f84525f3681376040519586957f0f00000000000000000000000000000000000000000000000000000000000000875260e08588015260e0870190613625565b908582036040870152613625565b4660608501523060808501525f60a085015283810360c08501528180845192838152019301915f5b82811061175857505050500390f35b835185528695509381019392810192600101611749565b346102315761177d366135a9565b6117868261401f565b5f929192505f604080516117998161378a565b82815282602082015201526117c06117b360808601613983565b610a98610a918580613b95565b5f52600660205260405f2091604051926117d98461378a565b549060ff82161580158552602085019460ff8460081c16865260ff604082019460101c16845250610d2e576020810164ffffffffff6118178261391a565b164211610cef5790610b1e61182e6118369361391a565b600288614130565b15610cc35760ff9051606061184a87613efa565b015116161561194d5760048152825f52600760205260405f209181519060068210156106c257836020936118a160ff947f7355faaaf74777529e016d1652c9995aba837627d40a85689d1a60afc3b1f98e9761392c565b848101519082546bffffffffffffffffffffffff68ffffff000000000000604084015160301b16917fffffffffffffffffffffffffffffffffffffffff0000000000000000000000ff65ffffffffff007fffffffffffffffffffffffffffffffffffffffff00000000000000000000000060806bffffff000000000000000000606089015160481b1697015160601b169660081b169116171617171790555116936040519485523593a3005b60ff8251167fe0c231b8000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b34610231577ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360161010081126102315760e0136102315760e43567ffffffffffffffff8111610231576119d5903690600401613547565b6119dd613872565b91825f52600760205260405f2091604051926119f884613725565b54611a0660ff8216856138fa565b64ffffffffff8160081c16602085015262ffffff8160301c16604085015262ffffff8160481c16606085015260601c6080840152825160068110156106c25760021480611f0d575b835160068110156106c257600114159081611f04575b50611ec95764ffffffffff611a77613906565b16421161151f5763ffffffff6040611a8d613e00565b0151169062ffffff6060850151165f92611aa5613906565b945f925f915b858310611c105750505090611ac09291613be6565b15611be85764ffffffffff62ffffff9216602084015216604082015260028152815f52600760205260405f2081519060068210156106c257611b0864ffffffffff928261392c565b60208301519080546040850151946bffffffffffffffffffffffff7fffffffffffffffffffffffffffffffffffffffff00000000000000000000000060806bffffff000000000000000000606085015160481b1693015160601b16927fffffffffffffffffffffffffffffffffffffffff0000000000000000000000ff65ffffffffff008760081b169116171668ffffff0000000000008760301b16171717905562ffffff60405193168352166020820152602435917f8fac0bfcf15ef61bde39ba5a4b7ac72bf088ddb6f288e29e181454a3a6fda254604060043593a4005b7f2166ec35000000000000000000000000000000000000000000000000000000005f5260045ffd5b909193611c1e858784613fdf565b965f60408051611c2d8161378a565b828152826020820152015263ffffffff608435166084350361023157611c6b611c59610a918a80613b95565b602081519101206084356024356140fb565b5f52600660205260405f209760405198611c848a61378a565b5460ff808216159182158c52818160081c1660208d015260101c1660408b0152611e9d576020810164ffffffffff611cbb8261391a565b164211611e5d5790610b1e8d6001611cd5611cdb9561391a565b91614130565b15611e3157611ce861369d565b602089015160ff16906001821b1662ffffff16611e025750602088015160ff166001811b851662ffffff16611dd35750602088015160ff166001811b821662ffffff16611da45750908560ff6040611d569462ffffff600184808f6020015116161b16179a01511691613b0b565b93611d6d6020611d67838986613fdf565b0161391a565b64ffffffffff808a16911610611d88575b6001019190611aab565b96506001611d9c6020611d678a8986613fdf565b979050611d7e565b867f4e3eea37000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b867fed0c3645000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b867f0d6a711d000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b857fa1c97319000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b87611e6d64ffffffffff9261391a565b907fcfdc5ed4000000000000000000000000000000000000000000000000000000005f526004521660245260445ffd5b867f278040da000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b50505160068110156106c2576106bd917f9d819744000000000000000000000000000000000000000000000000000000005f5260045261359b565b90501585611a64565b5064ffffffffff6020840151164211611a4e565b346102315760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102315760043565ffffffffffff81169081810361023157611f6c613a3d565b611f7542614424565b9165ffffffffffff611f85613a04565b16808211156120e757507ff1038c18cf84a56e432fdbfaf746924b7ea511dfe03a6506a0ceba4888788d9b9265ffffffffffff826206978080611fd2951091180262069780181690613db8565b906002548060d01c80612064575b50506002805473ffffffffffffffffffffffffffffffffffffffff1660a083901b79ffffffffffff0000000000000000000000000000000000000000161760d084901b7fffffffffffff0000000000000000000000000000000000000000000000000000161790556040805165ffffffffffff9283168152919092166020820152a1005b4211156120bd5779ffffffffffffffffffffffffffffffffffffffffffffffffffff7fffffffffffff00000000000000000000000000000000000000000000000000006001549260301b169116176001555b8380611fe0565b507f2b1fa2edafe6f7b9e97c1a9e0c3660e645beb2dcaa2d45bdbf9beaf5472e1ec55f80a16120b6565b0365ffffffffffff8111612121577ff1038c18cf84a56e432fdbfaf746924b7ea511dfe03a6506a0ceba4888788d9b92611fd29190613db8565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52601160045260245ffd5b346102315760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610231576004355f52600760205260405f206040519061219882613725565b54906121a760ff8316826138fa565b6020810164ffffffffff8360081c168152604082019162ffffff8460301c168352606081019062ffffff8560481c168252608081019460601c8552519260068410156106c25762ffffff8064ffffffffff73ffffffffffffffffffffffffffffffffffffffff60a0985116955116925116925116926040519485526020850152604084015260608301526080820152f35b346102315760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102315760043573ffffffffffffffffffffffffffffffffffffffff811680910361023157612290613a3d565b801561236d577f3377dc44241e779dd06afab5b788a35ca5f3b778836e2990bdb26a2a4b2e5ed660206122d36122c542614424565b6122cd613a04565b90613db8565b600180547fffffffffffff00000000000000000000000000000000000000000000000000008116861760a084811b79ffffffffffff00000000000000000000000000000000000000001691909117909255901c65ffffffffffff16612344575b65ffffffffffff60405191168152a2005b7f8886ebfc4259abdbc16601dd8fb5678e54878f47b3c34836cfc51154a96051095f80a1612333565b7f5775e45a000000000000000000000000000000000000000000000000000000005f5260045ffd5b34610231575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261023157602060405160088152f35b346102315760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610231576040516124098161376e565b5f81525f606060809260405161241f85826137a6565b84368237602082015282604082015201526004355f52600560205260405f20906040519161244c83613725565b549073ffffffffffffffffffffffffffffffffffffffff82169283815273ffffffffffffffffffffffffffffffffffffffff63ffffffff8460a01c169485602084015262ffffff60ff8660c01c948163ffffffff871698896040840152886060840193838360e01c16855201988160e81c8a526040516124cc82826137a6565b36903781604051986124dd8a61376e565b168852818160c81c166020890152818160d01c16604089015260d81c166060870152511694511695604051916125128361376e565b8252602082019384526040820194855260608201968752604051951515865260208601525116604084015251606083015f905b6004821061256a576101208562ffffff8860ff88511660e08401525116610100820152f35b60208060019260ff865116815201930191019091612545565b346102315760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610231576004356125bd613a3d565b5f8181526005602052604090205463ffffffff60a082901c81169160c01c16156127755761274d816125f363ffffffff936136cd565b6040519061260082613725565b5f825284602083019116815260408201905f8252606083015f81527cffffffffffffffffffffffffffffffffffffffffffffffffffffffffff60808501925f8452895f52600560205273ffffffffffffffffffffffffffffffffffffffff8060405f20975116167fffffffffffffffffffffffff000000000000000000000000000000000000000087541617865551937fffffff000000000000000000ffffffffffffffffffffffffffffffffffffffff77ffffffff00000000000000000000000000000000000000007fffffff00000000000000000000000000000000000000000000000000000000007cff000000000000000000000000000000000000000000000000000000007bffffffff0000000000000000000000000000000000000000000000008a54955160c01b16965160e01b16965160e81b169660a01b169116171617171790556136cd565b16907f80f7a4c2c3061ea9191687e9987accd2ce1492166b43f9cc2b71dc9d8204aa1a5f80a3005b507f2ba92e19000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b346102315760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610231576004356127db613578565b8115806128f5575b612836575b3373ffffffffffffffffffffffffffffffffffffffff82160361280e57610332916143ae565b7f6697b232000000000000000000000000000000000000000000000000000000005f5260045ffd5b60015465ffffffffffff60a082901c169073ffffffffffffffffffffffffffffffffffffffff16158015906128e5575b80156128d3575b61289f57507fffffffffffff000000000000ffffffffffffffffffffffffffffffffffffffff600154166001556127e8565b65ffffffffffff907f19ca5ebb000000000000000000000000000000000000000000000000000000005f521660045260245ffd5b504265ffffffffffff8216101561286d565b5065ffffffffffff811615612866565b5073ffffffffffffffffffffffffffffffffffffffff6002541673ffffffffffffffffffffffffffffffffffffffff8216146127e3565b346102315760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261023157600435612966613578565b81156103345781612988610328610332945f525f602052600160405f20015490565b6142cd565b346102315760e07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610231576020610229613872565b346102315760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102315760206102296004355f525f602052600160405f20015490565b34610231575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261023157602060405160188152f35b34610231576101207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102315760043560e07fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffdc360112610231576101043567ffffffffffffffff811161023157612ac5903690600401613547565b612ad0929192613a3d565b81156115595773ffffffffffffffffffffffffffffffffffffffff612af3613668565b161561330c5762ffffff612b0561368b565b16156132df57801580156132d5575b6132a857600f60ff612b246136af565b161161327b57815f526005602052612b4863ffffffff60405f205460a01c166136cd565b925f5f5b838110613048575060443560ff811690818103610231575060643560ff811681036102315760081b61ff00161760843560ff811681036102315760101b62ff0000169160a4359060ff821682036102315763ff0000008287935060181b168385178117948515948515613031575b505050505061300457612bcb613668565b90612bd46136af565b612bdc61368b565b9073ffffffffffffffffffffffffffffffffffffffff60405194612bff86613725565b1684527cffffffffffffffffffffffffffffffffffffffffffffffffffffffffff63ffffffff602086019916988981526040860194855260ff606087019316835262ffffff6080870194168452885f52600560205273ffffffffffffffffffffffffffffffffffffffff8060405f20975116167fffffffffffffffffffffffff000000000000000000000000000000000000000087541617865551937fffffff000000000000000000ffffffffffffffffffffffffffffffffffffffff77ffffffff00000000000000000000000000000000000000007fffffff00000000000000000000000000000000000000000000000000000000007cff000000000000000000000000000000000000000000000000000000007bffffffff0000000000000000000000000000000000000000000000008a54955160c01b16965160e01b16965160e81b169660a01b1691161716171717905560405191610100830173ffffffffffffffffffffffffffffffffffffffff612d79613578565b16845260445f602086015b60048210612fe45750505060c43560ff81168091036102315760a085015260e4359062ffffff8216809203610231578293929160c086015261010060e0860152526101208301906101208360051b8501019281925f927fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc1813603015b838510612e315789897f8af11c92905a11b4a7f585b6c69e9561a98a2df2af5f11d06e501c84e052f7978a8a038ba3005b9091929394957ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffee0888203018452863582811215610231578301604082019060ff612e7a826137e7565b16835260208101357fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe1823603018112156102315701908135602083019367ffffffffffffffff8211610231578160051b928336038613610231579181949260406020839401525260608085019385010194935f927fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc1813603015b838510612f3857505050505050506020806001929801940195019392949190612e00565b909192939495967fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa0848203018752873582811215610231578301906040602083013592019167ffffffffffffffff8111610231578036038313610231576020827fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f8480600198869897879852868601375f8582860101520116010199019701950193929190612f14565b60208060019260ff612ff5876137e7565b16815201930191019091612d84565b7f4bc0b4b1000000000000000000000000000000000000000000000000000000005f52600960045260245ffd5b61303d95501717613be6565b158387808080612bba565b9060ff61305e6130598487876136e5565b6136bf565b16158015613261575b61323557613084908261307e6130598288886136e5565b91613b0b565b906130908185856136e5565b602081019061309f8282613b41565b8092915015801561322b575b6131fe575f9261ff008560081b16935b8381106130cf575050505050600101612b4c565b6130d98284613b41565b8210156131d1576130f0908260051b810190613b95565b6130fa8183614235565b156131a45761311c9161310e9136916139ce565b602081519101208c8c6140fb565b5f52600660205260405f209081549160ff831661317757600180937fffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00000062ff0000613165896136bf565b60101b169116178817179055016130bb565b7f4bc0b4b1000000000000000000000000000000000000000000000000000000005f52600760045260245ffd5b7f4bc0b4b1000000000000000000000000000000000000000000000000000000005f52600660045260245ffd5b7f4e487b71000000000000000000000000000000000000000000000000000000005f52603260045260245ffd5b7f4bc0b4b1000000000000000000000000000000000000000000000000000000005f52600560045260245ffd5b50600882116130ab565b7f4bc0b4b1000000000000000000000000000000000000000000000000000000005f526004805260245ffd5b50600f60ff6132746130598588886136e5565b1611613067565b7f4bc0b4b1000000000000000000000000000000000000000000000000000000005f52600860045260245ffd5b7f4bc0b4b1000000000000000000000000000000000000000000000000000000005f52600360045260245ffd5b5060188111612b14565b7f4bc0b4b1000000000000000000000000000000000000000000000000000000005f52600260045260245ffd5b7f4bc0b4b1000000000000000000000000000000000000000000000000000000005f52600160045260245ffd5b34610231575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126102315761336f613a3d565b6002548060d01c8061339a575b6002805473ffffffffffffffffffffffffffffffffffffffff169055005b4211156133f35779ffffffffffffffffffffffffffffffffffffffffffffffffffff7fffffffffffff00000000000000000000000000000000000000000000000000006001549260301b169116176001555b808061337c565b507f2b1fa2edafe6f7b9e97c1a9e0c3660e645beb2dcaa2d45bdbf9beaf5472e1ec55f80a16133ec565b34610231575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610231576020604051620697808152f35b346102315760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261023157600435907fffffffff00000000000000000000000000000000000000000000000000000000821680920361023157817f3149878600000000000000000000000000000000000000000000000000000000602093149081156134ea575b5015158152f35b7f7965db0b0000000000000000000000000000000000000000000000000000000081149150811561351d575b50836134e3565b7f01ffc9a70000000000000000000000000000000000000000000000000000000091501483613516565b9181601f840112156102315782359167ffffffffffffffff8311610231576020808501948460051b01011161023157565b6024359073ffffffffffffffffffffffffffffffffffffffff8216820361023157565b60068110156106c257602452565b907ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc820161010081126102315760e0136102315760049160e4359067ffffffffffffffff8211610231577ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc826060920301126102315760040190565b907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f602080948051918291828752018686015e5f8582860101520116010190565b60243573ffffffffffffffffffffffffffffffffffffffff811681036102315790565b60e43562ffffff811681036102315790565b60c43562ffffff811681036102315790565b60c43560ff811681036102315790565b3560ff811681036102315790565b63ffffffff60019116019063ffffffff821161212157565b91908110156131d15760051b810135907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc181360301821215610231570190565b60a0810190811067ffffffffffffffff82111761374157604052565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52604160045260245ffd5b6080810190811067ffffffffffffffff82111761374157604052565b6060810190811067ffffffffffffffff82111761374157604052565b90601f7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0910116810190811067ffffffffffffffff82111761374157604052565b359060ff8216820361023157565b80358252602081013560208301526040810135604083015260608101356060830152608081013563ffffffff811681036102315763ffffffff16608083015260a08101359064ffffffffff821682036102315764ffffffffff60c0921660a0840152013562ffffff811681036102315762ffffff60c09116910152565b60405160208101907fd60da13caabdfff75cfe99061de3418e73d1cffe2398e34b3b9e8629afa544f282526138ab6040820160046137f5565b61010081526138bc610120826137a6565b51902090565b6040516138ab60208201927fd60da13caabdfff75cfe99061de3418e73d1cffe2398e34b3b9e8629afa544f2845260408301906137f5565b60068210156106c25752565b60a43564ffffffffff811681036102315790565b3564ffffffffff811681036102315790565b9060068110156106c25760ff7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff008354169116179055565b9190820180921161212157565b60843563ffffffff811681036102315790565b3563ffffffff811681036102315790565b67ffffffffffffffff811161374157601f017fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe01660200190565b9291926139da82613994565b916139e860405193846137a6565b829481845281830111610231578281602093845f960137010152565b6002548060d01c8015159081613a33575b5015613a295760a01c65ffffffffffff1690565b5060015460d01c90565b905042115f613a15565b335f9081527fad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5602052604090205460ff1615613a7557565b7fe2517d3f000000000000000000000000000000000000000000000000000000005f52336004525f60245260445ffd5b805f525f60205260405f2073ffffffffffffffffffffffffffffffffffffffff33165f5260205260ff60405f20541615613adc5750565b7fe2517d3f000000000000000000000000000000000000000000000000000000005f523360045260245260445ffd5b917f3fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff821682036121215760ff169060021b1b1790565b9035907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe181360301821215610231570180359067ffffffffffffffff821161023157602001918160051b3603831361023157565b9035907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe181360301821215610231570180359067ffffffffffffffff82116102315760200191813603831361023157565b63ffffffff16905f90815b60048110613d6c575081825b613c0b575050505050600190565b90919293945f945f5b60048110613d1257505f5b87811080613d09575b15613cc1577f3fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff811681036121215785858260021b1c16613c92575b7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff811461212157600101613c1f565b958015612121577fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0195613c63565b5093909594929192613d00577fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff81019081116121215782169182613bfd565b50505050505f90565b50861515613c28565b600186821c16613d25575b600101613c14565b957f1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff8716870361212157613d6460019160ff848a60031b1c1690613963565b969050613d1d565b7f1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff811681036121215760ff848260031b1c16613dab575b600101613bf1565b6001811b90921791613da3565b9065ffffffffffff8091169116019065ffffffffffff821161212157565b60405190613de382613725565b5f6080838281528260208201528260408201528260608201520152565b613e08613dd6565b5060243590815f52600560205260405f2060405190613e2682613725565b549273ffffffffffffffffffffffffffffffffffffffff84168252602082019163ffffffff8560a01c16835263ffffffff8560c01c169485604083015260ff8160e01c16606083015260e81c60808201529315613ecf57505160843563ffffffff81811692169082810361023157828203613ea057505050565b507f6112d253000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b7f2ba92e19000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b90613f03613dd6565b50602082013591825f52600560205260405f2060405190613f2382613725565b549373ffffffffffffffffffffffffffffffffffffffff85168252602082019163ffffffff8660a01c16835263ffffffff8660c01c169586604083015260ff8160e01c16606083015260e81c60808201529415613ecf575063ffffffff6080915116910163ffffffff613f9582613983565b168203613fa0575050565b90613faf63ffffffff92613983565b907f6112d253000000000000000000000000000000000000000000000000000000005f526004521660245260445ffd5b91908110156131d15760051b810135907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa181360301821215610231570190565b6140319061402b613dd6565b506138c2565b90815f52600760205260405f20906040519161404c83613725565b5461405a60ff8216846138fa565b64ffffffffff8160081c16602084015262ffffff8160301c16604084015262ffffff8160481c16606084015260601c608083015281805160068110156106c25760011415806140e6575b6140ab5750565b83905160068110156106c2576106bd917f9d819744000000000000000000000000000000000000000000000000000000005f5260045261359b565b50805160068110156106c257600214156140a4565b9163ffffffff60405192602084019485521660408301526060820152606081526138bc6080826137a6565b600411156106c257565b9064ffffffffff6042936040519260208401947f4a0b0945bbbc85fd08ae0ce7c5bec8da2c87fb675163f20c0ed3e6348d9f77308652604085015261417481614126565b60608401521660808201526080815261418e60a0826137a6565b5190206141996149de565b90604051917f19010000000000000000000000000000000000000000000000000000000000008352600283015260228201522090565b919091357fffffffffffffffffffffffffffffffffffffffff00000000000000000000000081169260148110614203575050565b7fffffffffffffffffffffffffffffffffffffffff000000000000000000000000929350829060140360031b1b161690565b6014821061425d57614249826014926141cf565b60601c910361425757151590565b3b151590565b50505f90565b6002549073ffffffffffffffffffffffffffffffffffffffff8216610334576142ca917fffffffffffffffffffffffff000000000000000000000000000000000000000073ffffffffffffffffffffffffffffffffffffffff83169116176002555f614544565b90565b9081156142de575b6142ca91614544565b6002549173ffffffffffffffffffffffffffffffffffffffff8316610334577fffffffffffffffffffffffff000000000000000000000000000000000000000090921673ffffffffffffffffffffffffffffffffffffffff8216176002556142d5565b6142ca9073ffffffffffffffffffffffffffffffffffffffff6002541673ffffffffffffffffffffffffffffffffffffffff821614614381575b5f614610565b7fffffffffffffffffffffffff00000000000000000000000000000000000000006002541660025561437b565b906142ca918015806143ed575b15614610577fffffffffffffffffffffffff000000000000000000000000000000000000000060025416600255614610565b5073ffffffffffffffffffffffffffffffffffffffff6002541673ffffffffffffffffffffffffffffffffffffffff8316146143bb565b65ffffffffffff811161443c5765ffffffffffff1690565b7f6dfcc650000000000000000000000000000000000000000000000000000000005f52603060045260245260445ffd5b9060146144798380613b95565b9050146144bd57906142ca916144b76144a56144af6144988580613b95565b9290956040810190613b95565b95909236916139ce565b9336916139ce565b916147fd565b816144e56144d76144d1836142ca96613b95565b906141cf565b60601c916040810190613b95565b9290916146d8565b60ff811690601f821161451c57604051916145096040846137a6565b6020808452838101919036833783525290565b7fb3512b0c000000000000000000000000000000000000000000000000000000005f5260045ffd5b805f525f60205260405f2073ffffffffffffffffffffffffffffffffffffffff83165f5260205260ff60405f205416155f1461425d57805f525f60205260405f2073ffffffffffffffffffffffffffffffffffffffff83165f5260205260405f2060017fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0082541617905573ffffffffffffffffffffffffffffffffffffffff339216907f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d5f80a4600190565b805f525f60205260405f2073ffffffffffffffffffffffffffffffffffffffff83165f5260205260ff60405f2054165f1461425d57805f525f60205260405f2073ffffffffffffffffffffffffffffffffffffffff83165f5260205260405f207fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00815416905573ffffffffffffffffffffffffffffffffffffffff339216907ff6391f5c32d9c69d2a47ea670b442974b53935d1edc7fd64eb21e047a839171b5f80a4600190565b929190833b61472257906146ec9291614b01565b506146f681614126565b15918261470257505090565b73ffffffffffffffffffffffffffffffffffffffff919250811691161490565b60647fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f855f9660209896604051967f1626ba7e0000000000000000000000000000000000000000000000000000000088526004880152604060248801528160448801528587013786848287010152011601915afa7f1626ba7e000000000000000000000000000000000000000000000000000000005f5114601f3d11161690565b90602082519201517fffffffffffffffffffffffffffffffffffffffff00000000000000000000000081169260148110614203575050565b91908251601481105f1461481357505050505f90565b6014810361483057506148286142ca936147c5565b60601c614b35565b919261483b816147c5565b60601c91836014108460141802841891828503948511612121575f95856149569260206148688a99613994565b9661487660405198896137a6565b83885261488284613994565b927fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0838a0194013685370101905e61492a6040519384926148f560208501977f024ad318000000000000000000000000000000000000000000000000000000008952606060248701526084860190613625565b9160448501527fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffdc848303016064850152613625565b037fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe081018352826137a6565b51915afa3d156149d7573d61496a81613994565b9061497860405192836137a6565b81523d5f602083013e5b816149c9575b81614991575090565b905060208180518101031261023157602001517f024ad318000000000000000000000000000000000000000000000000000000001490565b905060208151101590614988565b6060614982565b73ffffffffffffffffffffffffffffffffffffffff7f000000000000000000000000000000000000000000000000000000000000000016301480614ad8575b15614a46577f000000000000000000000000000000000000000000000000000000000000000090565b60405160208101907f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f82527f000000000000000000000000000000000000000000000000000000000000000060408201527f000000000000000000000000000000000000000000000000000000000000000060608201524660808201523060a082015260a081526138bc60c0826137a6565b507f00000000000000000000000000000000000000000000000000000000000000004614614a1d565b9060418303614b2b57614b249250602081013591604082359201355f1a90614beb565b9192909190565b50505f9160029190565b9190823b614b4757906146ec91614c85565b9160209260647fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0601f855f965190604051957f1626ba7e00000000000000000000000000000000000000000000000000000000875260048701526040602487015288820190604487015e86848287010152011601915afa7f1626ba7e000000000000000000000000000000000000000000000000000000005f5114601f3d11161690565b91907f7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a08411614c7a579160209360809260ff5f9560405194855216868401526040830152606082015282805260015afa15614c6f575f5173ffffffffffffffffffffffffffffffffffffffff811615614c6557905f905f90565b505f906001905f90565b6040513d5f823e3d90fd5b5050505f9160039190565b8151919060418303614b2b57614b249250602082015190606060408401519301515f1a90614beb56ad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5",
}

// DeploymentGate is an auto generated Go binding around an Ethereum contract.
type DeploymentGate struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *DeploymentGate) GetABI() abi.ABI {
	return c.abi
}

// NewDeploymentGate creates a new instance of DeploymentGate.
func NewDeploymentGate() *DeploymentGate {
	parsed, err := DeploymentGateMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &DeploymentGate{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *DeploymentGate) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(address admin, uint48 delay) returns()
func (deploymentGate *DeploymentGate) PackConstructor(admin common.Address, delay *big.Int) []byte {
	enc, err := deploymentGate.abi.Pack("", admin, delay)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackDEFAULTADMINROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa217fddf.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (deploymentGate *DeploymentGate) PackDEFAULTADMINROLE() []byte {
	enc, err := deploymentGate.abi.Pack("DEFAULT_ADMIN_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDEFAULTADMINROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa217fddf.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (deploymentGate *DeploymentGate) TryPackDEFAULTADMINROLE() ([]byte, error) {
	return deploymentGate.abi.Pack("DEFAULT_ADMIN_ROLE")
}

// UnpackDEFAULTADMINROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xa217fddf.
//
// Solidity: function DEFAULT_ADMIN_ROLE() view returns(bytes32)
func (deploymentGate *DeploymentGate) UnpackDEFAULTADMINROLE(data []byte) ([32]byte, error) {
	out, err := deploymentGate.abi.Unpack("DEFAULT_ADMIN_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackMAXPEOPLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0f81b49f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_PEOPLE() view returns(uint256)
func (deploymentGate *DeploymentGate) PackMAXPEOPLE() []byte {
	enc, err := deploymentGate.abi.Pack("MAX_PEOPLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXPEOPLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0f81b49f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_PEOPLE() view returns(uint256)
func (deploymentGate *DeploymentGate) TryPackMAXPEOPLE() ([]byte, error) {
	return deploymentGate.abi.Pack("MAX_PEOPLE")
}

// UnpackMAXPEOPLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x0f81b49f.
//
// Solidity: function MAX_PEOPLE() view returns(uint256)
func (deploymentGate *DeploymentGate) UnpackMAXPEOPLE(data []byte) (*big.Int, error) {
	out, err := deploymentGate.abi.Unpack("MAX_PEOPLE", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackMAXSIGNERS is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x59ecd657.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_SIGNERS() view returns(uint256)
func (deploymentGate *DeploymentGate) PackMAXSIGNERS() []byte {
	enc, err := deploymentGate.abi.Pack("MAX_SIGNERS")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXSIGNERS is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x59ecd657.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_SIGNERS() view returns(uint256)
func (deploymentGate *DeploymentGate) TryPackMAXSIGNERS() ([]byte, error) {
	return deploymentGate.abi.Pack("MAX_SIGNERS")
}

// UnpackMAXSIGNERS is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x59ecd657.
//
// Solidity: function MAX_SIGNERS() view returns(uint256)
func (deploymentGate *DeploymentGate) UnpackMAXSIGNERS(data []byte) (*big.Int, error) {
	out, err := deploymentGate.abi.Unpack("MAX_SIGNERS", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackPROPOSERROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8f61f4f5.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function PROPOSER_ROLE() view returns(bytes32)
func (deploymentGate *DeploymentGate) PackPROPOSERROLE() []byte {
	enc, err := deploymentGate.abi.Pack("PROPOSER_ROLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPROPOSERROLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8f61f4f5.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function PROPOSER_ROLE() view returns(bytes32)
func (deploymentGate *DeploymentGate) TryPackPROPOSERROLE() ([]byte, error) {
	return deploymentGate.abi.Pack("PROPOSER_ROLE")
}

// UnpackPROPOSERROLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x8f61f4f5.
//
// Solidity: function PROPOSER_ROLE() view returns(bytes32)
func (deploymentGate *DeploymentGate) UnpackPROPOSERROLE(data []byte) ([32]byte, error) {
	out, err := deploymentGate.abi.Unpack("PROPOSER_ROLE", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackREQUESTTYPEHASH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9e39b73e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function REQUEST_TYPEHASH() view returns(bytes32)
func (deploymentGate *DeploymentGate) PackREQUESTTYPEHASH() []byte {
	enc, err := deploymentGate.abi.Pack("REQUEST_TYPEHASH")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackREQUESTTYPEHASH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9e39b73e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function REQUEST_TYPEHASH() view returns(bytes32)
func (deploymentGate *DeploymentGate) TryPackREQUESTTYPEHASH() ([]byte, error) {
	return deploymentGate.abi.Pack("REQUEST_TYPEHASH")
}

// UnpackREQUESTTYPEHASH is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x9e39b73e.
//
// Solidity: function REQUEST_TYPEHASH() view returns(bytes32)
func (deploymentGate *DeploymentGate) UnpackREQUESTTYPEHASH(data []byte) ([32]byte, error) {
	out, err := deploymentGate.abi.Unpack("REQUEST_TYPEHASH", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackVOTETYPEHASH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x86522973.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function VOTE_TYPEHASH() view returns(bytes32)
func (deploymentGate *DeploymentGate) PackVOTETYPEHASH() []byte {
	enc, err := deploymentGate.abi.Pack("VOTE_TYPEHASH")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackVOTETYPEHASH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x86522973.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function VOTE_TYPEHASH() view returns(bytes32)
func (deploymentGate *DeploymentGate) TryPackVOTETYPEHASH() ([]byte, error) {
	return deploymentGate.abi.Pack("VOTE_TYPEHASH")
}

// UnpackVOTETYPEHASH is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x86522973.
//
// Solidity: function VOTE_TYPEHASH() view returns(bytes32)
func (deploymentGate *DeploymentGate) UnpackVOTETYPEHASH(data []byte) ([32]byte, error) {
	out, err := deploymentGate.abi.Unpack("VOTE_TYPEHASH", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackAcceptDefaultAdminTransfer is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcefc1429.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function acceptDefaultAdminTransfer() returns()
func (deploymentGate *DeploymentGate) PackAcceptDefaultAdminTransfer() []byte {
	enc, err := deploymentGate.abi.Pack("acceptDefaultAdminTransfer")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackAcceptDefaultAdminTransfer is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcefc1429.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function acceptDefaultAdminTransfer() returns()
func (deploymentGate *DeploymentGate) TryPackAcceptDefaultAdminTransfer() ([]byte, error) {
	return deploymentGate.abi.Pack("acceptDefaultAdminTransfer")
}

// PackApprove is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7b1ecab6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function approve((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r, (bytes,uint40,bytes)[] votes) returns()
func (deploymentGate *DeploymentGate) PackApprove(r IDeploymentGateRequest, votes []IDeploymentGateVote) []byte {
	enc, err := deploymentGate.abi.Pack("approve", r, votes)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackApprove is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7b1ecab6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function approve((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r, (bytes,uint40,bytes)[] votes) returns()
func (deploymentGate *DeploymentGate) TryPackApprove(r IDeploymentGateRequest, votes []IDeploymentGateVote) ([]byte, error) {
	return deploymentGate.abi.Pack("approve", r, votes)
}

// PackBeginDefaultAdminTransfer is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x634e93da.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function beginDefaultAdminTransfer(address newAdmin) returns()
func (deploymentGate *DeploymentGate) PackBeginDefaultAdminTransfer(newAdmin common.Address) []byte {
	enc, err := deploymentGate.abi.Pack("beginDefaultAdminTransfer", newAdmin)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackBeginDefaultAdminTransfer is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x634e93da.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function beginDefaultAdminTransfer(address newAdmin) returns()
func (deploymentGate *DeploymentGate) TryPackBeginDefaultAdminTransfer(newAdmin common.Address) ([]byte, error) {
	return deploymentGate.abi.Pack("beginDefaultAdminTransfer", newAdmin)
}

// PackCancel is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8e59e9a2.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function cancel((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r) returns()
func (deploymentGate *DeploymentGate) PackCancel(r IDeploymentGateRequest) []byte {
	enc, err := deploymentGate.abi.Pack("cancel", r)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackCancel is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8e59e9a2.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function cancel((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r) returns()
func (deploymentGate *DeploymentGate) TryPackCancel(r IDeploymentGateRequest) ([]byte, error) {
	return deploymentGate.abi.Pack("cancel", r)
}

// PackCancelDefaultAdminTransfer is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd602b9fd.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function cancelDefaultAdminTransfer() returns()
func (deploymentGate *DeploymentGate) PackCancelDefaultAdminTransfer() []byte {
	enc, err := deploymentGate.abi.Pack("cancelDefaultAdminTransfer")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackCancelDefaultAdminTransfer is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd602b9fd.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function cancelDefaultAdminTransfer() returns()
func (deploymentGate *DeploymentGate) TryPackCancelDefaultAdminTransfer() ([]byte, error) {
	return deploymentGate.abi.Pack("cancelDefaultAdminTransfer")
}

// PackChangeDefaultAdminDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x649a5ec7.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function changeDefaultAdminDelay(uint48 newDelay) returns()
func (deploymentGate *DeploymentGate) PackChangeDefaultAdminDelay(newDelay *big.Int) []byte {
	enc, err := deploymentGate.abi.Pack("changeDefaultAdminDelay", newDelay)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackChangeDefaultAdminDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x649a5ec7.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function changeDefaultAdminDelay(uint48 newDelay) returns()
func (deploymentGate *DeploymentGate) TryPackChangeDefaultAdminDelay(newDelay *big.Int) ([]byte, error) {
	return deploymentGate.abi.Pack("changeDefaultAdminDelay", newDelay)
}

// PackClose is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x39c79e0c.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function close(bytes32 environment) returns()
func (deploymentGate *DeploymentGate) PackClose(environment [32]byte) []byte {
	enc, err := deploymentGate.abi.Pack("close", environment)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackClose is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x39c79e0c.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function close(bytes32 environment) returns()
func (deploymentGate *DeploymentGate) TryPackClose(environment [32]byte) ([]byte, error) {
	return deploymentGate.abi.Pack("close", environment)
}

// PackDefaultAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x84ef8ffc.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function defaultAdmin() view returns(address)
func (deploymentGate *DeploymentGate) PackDefaultAdmin() []byte {
	enc, err := deploymentGate.abi.Pack("defaultAdmin")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDefaultAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x84ef8ffc.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function defaultAdmin() view returns(address)
func (deploymentGate *DeploymentGate) TryPackDefaultAdmin() ([]byte, error) {
	return deploymentGate.abi.Pack("defaultAdmin")
}

// UnpackDefaultAdmin is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x84ef8ffc.
//
// Solidity: function defaultAdmin() view returns(address)
func (deploymentGate *DeploymentGate) UnpackDefaultAdmin(data []byte) (common.Address, error) {
	out, err := deploymentGate.abi.Unpack("defaultAdmin", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackDefaultAdminDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcc8463c8.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function defaultAdminDelay() view returns(uint48)
func (deploymentGate *DeploymentGate) PackDefaultAdminDelay() []byte {
	enc, err := deploymentGate.abi.Pack("defaultAdminDelay")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDefaultAdminDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcc8463c8.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function defaultAdminDelay() view returns(uint48)
func (deploymentGate *DeploymentGate) TryPackDefaultAdminDelay() ([]byte, error) {
	return deploymentGate.abi.Pack("defaultAdminDelay")
}

// UnpackDefaultAdminDelay is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xcc8463c8.
//
// Solidity: function defaultAdminDelay() view returns(uint48)
func (deploymentGate *DeploymentGate) UnpackDefaultAdminDelay(data []byte) (*big.Int, error) {
	out, err := deploymentGate.abi.Unpack("defaultAdminDelay", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackDefaultAdminDelayIncreaseWait is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x022d63fb.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function defaultAdminDelayIncreaseWait() view returns(uint48)
func (deploymentGate *DeploymentGate) PackDefaultAdminDelayIncreaseWait() []byte {
	enc, err := deploymentGate.abi.Pack("defaultAdminDelayIncreaseWait")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDefaultAdminDelayIncreaseWait is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x022d63fb.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function defaultAdminDelayIncreaseWait() view returns(uint48)
func (deploymentGate *DeploymentGate) TryPackDefaultAdminDelayIncreaseWait() ([]byte, error) {
	return deploymentGate.abi.Pack("defaultAdminDelayIncreaseWait")
}

// UnpackDefaultAdminDelayIncreaseWait is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x022d63fb.
//
// Solidity: function defaultAdminDelayIncreaseWait() view returns(uint48)
func (deploymentGate *DeploymentGate) UnpackDefaultAdminDelayIncreaseWait(data []byte) (*big.Int, error) {
	out, err := deploymentGate.abi.Unpack("defaultAdminDelayIncreaseWait", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackEip712Domain is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x84b0196e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function eip712Domain() view returns(bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)
func (deploymentGate *DeploymentGate) PackEip712Domain() []byte {
	enc, err := deploymentGate.abi.Pack("eip712Domain")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackEip712Domain is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x84b0196e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function eip712Domain() view returns(bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)
func (deploymentGate *DeploymentGate) TryPackEip712Domain() ([]byte, error) {
	return deploymentGate.abi.Pack("eip712Domain")
}

// Eip712DomainOutput serves as a container for the return parameters of contract
// method Eip712Domain.
type Eip712DomainOutput struct {
	Fields            [1]byte
	Name              string
	Version           string
	ChainId           *big.Int
	VerifyingContract common.Address
	Salt              [32]byte
	Extensions        []*big.Int
}

// UnpackEip712Domain is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x84b0196e.
//
// Solidity: function eip712Domain() view returns(bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)
func (deploymentGate *DeploymentGate) UnpackEip712Domain(data []byte) (Eip712DomainOutput, error) {
	out, err := deploymentGate.abi.Unpack("eip712Domain", data)
	outstruct := new(Eip712DomainOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Fields = *abi.ConvertType(out[0], new([1]byte)).(*[1]byte)
	outstruct.Name = *abi.ConvertType(out[1], new(string)).(*string)
	outstruct.Version = *abi.ConvertType(out[2], new(string)).(*string)
	outstruct.ChainId = abi.ConvertType(out[3], new(big.Int)).(*big.Int)
	outstruct.VerifyingContract = *abi.ConvertType(out[4], new(common.Address)).(*common.Address)
	outstruct.Salt = *abi.ConvertType(out[5], new([32]byte)).(*[32]byte)
	outstruct.Extensions = *abi.ConvertType(out[6], new([]*big.Int)).(*[]*big.Int)
	return *outstruct, nil
}

// PackExecutable is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb421cba8.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function executable((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r) view returns(bool)
func (deploymentGate *DeploymentGate) PackExecutable(r IDeploymentGateRequest) []byte {
	enc, err := deploymentGate.abi.Pack("executable", r)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackExecutable is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb421cba8.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function executable((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r) view returns(bool)
func (deploymentGate *DeploymentGate) TryPackExecutable(r IDeploymentGateRequest) ([]byte, error) {
	return deploymentGate.abi.Pack("executable", r)
}

// UnpackExecutable is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xb421cba8.
//
// Solidity: function executable((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r) view returns(bool)
func (deploymentGate *DeploymentGate) UnpackExecutable(data []byte) (bool, error) {
	out, err := deploymentGate.abi.Unpack("executable", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackExecute is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc8a0f9b7.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function execute((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r, bytes32 evidence) returns()
func (deploymentGate *DeploymentGate) PackExecute(r IDeploymentGateRequest, evidence [32]byte) []byte {
	enc, err := deploymentGate.abi.Pack("execute", r, evidence)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackExecute is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc8a0f9b7.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function execute((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r, bytes32 evidence) returns()
func (deploymentGate *DeploymentGate) TryPackExecute(r IDeploymentGateRequest, evidence [32]byte) ([]byte, error) {
	return deploymentGate.abi.Pack("execute", r, evidence)
}

// PackGetRoleAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x248a9ca3.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (deploymentGate *DeploymentGate) PackGetRoleAdmin(role [32]byte) []byte {
	enc, err := deploymentGate.abi.Pack("getRoleAdmin", role)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGetRoleAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x248a9ca3.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (deploymentGate *DeploymentGate) TryPackGetRoleAdmin(role [32]byte) ([]byte, error) {
	return deploymentGate.abi.Pack("getRoleAdmin", role)
}

// UnpackGetRoleAdmin is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x248a9ca3.
//
// Solidity: function getRoleAdmin(bytes32 role) view returns(bytes32)
func (deploymentGate *DeploymentGate) UnpackGetRoleAdmin(data []byte) ([32]byte, error) {
	out, err := deploymentGate.abi.Unpack("getRoleAdmin", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackGrantRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2f2ff15d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function grantRole(bytes32 role, address account) returns()
func (deploymentGate *DeploymentGate) PackGrantRole(role [32]byte, account common.Address) []byte {
	enc, err := deploymentGate.abi.Pack("grantRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGrantRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2f2ff15d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function grantRole(bytes32 role, address account) returns()
func (deploymentGate *DeploymentGate) TryPackGrantRole(role [32]byte, account common.Address) ([]byte, error) {
	return deploymentGate.abi.Pack("grantRole", role, account)
}

// PackHasRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x91d14854.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (deploymentGate *DeploymentGate) PackHasRole(role [32]byte, account common.Address) []byte {
	enc, err := deploymentGate.abi.Pack("hasRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackHasRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x91d14854.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (deploymentGate *DeploymentGate) TryPackHasRole(role [32]byte, account common.Address) ([]byte, error) {
	return deploymentGate.abi.Pack("hasRole", role, account)
}

// UnpackHasRole is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x91d14854.
//
// Solidity: function hasRole(bytes32 role, address account) view returns(bool)
func (deploymentGate *DeploymentGate) UnpackHasRole(data []byte) (bool, error) {
	out, err := deploymentGate.abi.Unpack("hasRole", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackIdOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2d57536c.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function idOf((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r) pure returns(bytes32)
func (deploymentGate *DeploymentGate) PackIdOf(r IDeploymentGateRequest) []byte {
	enc, err := deploymentGate.abi.Pack("idOf", r)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackIdOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2d57536c.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function idOf((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r) pure returns(bytes32)
func (deploymentGate *DeploymentGate) TryPackIdOf(r IDeploymentGateRequest) ([]byte, error) {
	return deploymentGate.abi.Pack("idOf", r)
}

// UnpackIdOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x2d57536c.
//
// Solidity: function idOf((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r) pure returns(bytes32)
func (deploymentGate *DeploymentGate) UnpackIdOf(data []byte) ([32]byte, error) {
	out, err := deploymentGate.abi.Unpack("idOf", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackMemberOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb0061a0c.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function memberOf(bytes32 environment, uint32 epoch, bytes signer) view returns(bool member, uint8 person, uint8 roles)
func (deploymentGate *DeploymentGate) PackMemberOf(environment [32]byte, epoch uint32, signer []byte) []byte {
	enc, err := deploymentGate.abi.Pack("memberOf", environment, epoch, signer)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMemberOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb0061a0c.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function memberOf(bytes32 environment, uint32 epoch, bytes signer) view returns(bool member, uint8 person, uint8 roles)
func (deploymentGate *DeploymentGate) TryPackMemberOf(environment [32]byte, epoch uint32, signer []byte) ([]byte, error) {
	return deploymentGate.abi.Pack("memberOf", environment, epoch, signer)
}

// MemberOfOutput serves as a container for the return parameters of contract
// method MemberOf.
type MemberOfOutput struct {
	Member bool
	Person uint8
	Roles  uint8
}

// UnpackMemberOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xb0061a0c.
//
// Solidity: function memberOf(bytes32 environment, uint32 epoch, bytes signer) view returns(bool member, uint8 person, uint8 roles)
func (deploymentGate *DeploymentGate) UnpackMemberOf(data []byte) (MemberOfOutput, error) {
	out, err := deploymentGate.abi.Unpack("memberOf", data)
	outstruct := new(MemberOfOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Member = *abi.ConvertType(out[0], new(bool)).(*bool)
	outstruct.Person = *abi.ConvertType(out[1], new(uint8)).(*uint8)
	outstruct.Roles = *abi.ConvertType(out[2], new(uint8)).(*uint8)
	return *outstruct, nil
}

// PackOwner is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8da5cb5b.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function owner() view returns(address)
func (deploymentGate *DeploymentGate) PackOwner() []byte {
	enc, err := deploymentGate.abi.Pack("owner")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackOwner is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8da5cb5b.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function owner() view returns(address)
func (deploymentGate *DeploymentGate) TryPackOwner() ([]byte, error) {
	return deploymentGate.abi.Pack("owner")
}

// UnpackOwner is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x8da5cb5b.
//
// Solidity: function owner() view returns(address)
func (deploymentGate *DeploymentGate) UnpackOwner(data []byte) (common.Address, error) {
	out, err := deploymentGate.abi.Unpack("owner", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackPendingDefaultAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcf6eefb7.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function pendingDefaultAdmin() view returns(address newAdmin, uint48 schedule)
func (deploymentGate *DeploymentGate) PackPendingDefaultAdmin() []byte {
	enc, err := deploymentGate.abi.Pack("pendingDefaultAdmin")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPendingDefaultAdmin is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcf6eefb7.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function pendingDefaultAdmin() view returns(address newAdmin, uint48 schedule)
func (deploymentGate *DeploymentGate) TryPackPendingDefaultAdmin() ([]byte, error) {
	return deploymentGate.abi.Pack("pendingDefaultAdmin")
}

// PendingDefaultAdminOutput serves as a container for the return parameters of contract
// method PendingDefaultAdmin.
type PendingDefaultAdminOutput struct {
	NewAdmin common.Address
	Schedule *big.Int
}

// UnpackPendingDefaultAdmin is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xcf6eefb7.
//
// Solidity: function pendingDefaultAdmin() view returns(address newAdmin, uint48 schedule)
func (deploymentGate *DeploymentGate) UnpackPendingDefaultAdmin(data []byte) (PendingDefaultAdminOutput, error) {
	out, err := deploymentGate.abi.Unpack("pendingDefaultAdmin", data)
	outstruct := new(PendingDefaultAdminOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.NewAdmin = *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	outstruct.Schedule = abi.ConvertType(out[1], new(big.Int)).(*big.Int)
	return *outstruct, nil
}

// PackPendingDefaultAdminDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa1eda53c.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function pendingDefaultAdminDelay() view returns(uint48 newDelay, uint48 schedule)
func (deploymentGate *DeploymentGate) PackPendingDefaultAdminDelay() []byte {
	enc, err := deploymentGate.abi.Pack("pendingDefaultAdminDelay")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPendingDefaultAdminDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa1eda53c.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function pendingDefaultAdminDelay() view returns(uint48 newDelay, uint48 schedule)
func (deploymentGate *DeploymentGate) TryPackPendingDefaultAdminDelay() ([]byte, error) {
	return deploymentGate.abi.Pack("pendingDefaultAdminDelay")
}

// PendingDefaultAdminDelayOutput serves as a container for the return parameters of contract
// method PendingDefaultAdminDelay.
type PendingDefaultAdminDelayOutput struct {
	NewDelay *big.Int
	Schedule *big.Int
}

// UnpackPendingDefaultAdminDelay is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xa1eda53c.
//
// Solidity: function pendingDefaultAdminDelay() view returns(uint48 newDelay, uint48 schedule)
func (deploymentGate *DeploymentGate) UnpackPendingDefaultAdminDelay(data []byte) (PendingDefaultAdminDelayOutput, error) {
	out, err := deploymentGate.abi.Unpack("pendingDefaultAdminDelay", data)
	outstruct := new(PendingDefaultAdminDelayOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.NewDelay = abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	outstruct.Schedule = abi.ConvertType(out[1], new(big.Int)).(*big.Int)
	return *outstruct, nil
}

// PackPolicyOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5483a0b5.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function policyOf(bytes32 environment) view returns(bool open, uint32 epoch, (address,uint8[4],uint8,uint24) policy)
func (deploymentGate *DeploymentGate) PackPolicyOf(environment [32]byte) []byte {
	enc, err := deploymentGate.abi.Pack("policyOf", environment)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPolicyOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5483a0b5.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function policyOf(bytes32 environment) view returns(bool open, uint32 epoch, (address,uint8[4],uint8,uint24) policy)
func (deploymentGate *DeploymentGate) TryPackPolicyOf(environment [32]byte) ([]byte, error) {
	return deploymentGate.abi.Pack("policyOf", environment)
}

// PolicyOfOutput serves as a container for the return parameters of contract
// method PolicyOf.
type PolicyOfOutput struct {
	Open   bool
	Epoch  uint32
	Policy IDeploymentGatePolicy
}

// UnpackPolicyOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x5483a0b5.
//
// Solidity: function policyOf(bytes32 environment) view returns(bool open, uint32 epoch, (address,uint8[4],uint8,uint24) policy)
func (deploymentGate *DeploymentGate) UnpackPolicyOf(data []byte) (PolicyOfOutput, error) {
	out, err := deploymentGate.abi.Unpack("policyOf", data)
	outstruct := new(PolicyOfOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Open = *abi.ConvertType(out[0], new(bool)).(*bool)
	outstruct.Epoch = *abi.ConvertType(out[1], new(uint32)).(*uint32)
	outstruct.Policy = *abi.ConvertType(out[2], new(IDeploymentGatePolicy)).(*IDeploymentGatePolicy)
	return *outstruct, nil
}

// PackPropose is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8d83750d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function propose((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r) returns(bytes32 id)
func (deploymentGate *DeploymentGate) PackPropose(r IDeploymentGateRequest) []byte {
	enc, err := deploymentGate.abi.Pack("propose", r)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPropose is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8d83750d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function propose((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r) returns(bytes32 id)
func (deploymentGate *DeploymentGate) TryPackPropose(r IDeploymentGateRequest) ([]byte, error) {
	return deploymentGate.abi.Pack("propose", r)
}

// UnpackPropose is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x8d83750d.
//
// Solidity: function propose((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r) returns(bytes32 id)
func (deploymentGate *DeploymentGate) UnpackPropose(data []byte) ([32]byte, error) {
	out, err := deploymentGate.abi.Unpack("propose", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackRenounceRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x36568abe.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function renounceRole(bytes32 role, address account) returns()
func (deploymentGate *DeploymentGate) PackRenounceRole(role [32]byte, account common.Address) []byte {
	enc, err := deploymentGate.abi.Pack("renounceRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRenounceRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x36568abe.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function renounceRole(bytes32 role, address account) returns()
func (deploymentGate *DeploymentGate) TryPackRenounceRole(role [32]byte, account common.Address) ([]byte, error) {
	return deploymentGate.abi.Pack("renounceRole", role, account)
}

// PackRevokeRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd547741f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function revokeRole(bytes32 role, address account) returns()
func (deploymentGate *DeploymentGate) PackRevokeRole(role [32]byte, account common.Address) []byte {
	enc, err := deploymentGate.abi.Pack("revokeRole", role, account)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRevokeRole is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd547741f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function revokeRole(bytes32 role, address account) returns()
func (deploymentGate *DeploymentGate) TryPackRevokeRole(role [32]byte, account common.Address) ([]byte, error) {
	return deploymentGate.abi.Pack("revokeRole", role, account)
}

// PackRollbackDefaultAdminDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0aa6220b.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function rollbackDefaultAdminDelay() returns()
func (deploymentGate *DeploymentGate) PackRollbackDefaultAdminDelay() []byte {
	enc, err := deploymentGate.abi.Pack("rollbackDefaultAdminDelay")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRollbackDefaultAdminDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0aa6220b.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function rollbackDefaultAdminDelay() returns()
func (deploymentGate *DeploymentGate) TryPackRollbackDefaultAdminDelay() ([]byte, error) {
	return deploymentGate.abi.Pack("rollbackDefaultAdminDelay")
}

// PackSetPolicy is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0b1e940e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function setPolicy(bytes32 environment, (address,uint8[4],uint8,uint24) policy, (uint8,bytes[])[] people) returns()
func (deploymentGate *DeploymentGate) PackSetPolicy(environment [32]byte, policy IDeploymentGatePolicy, people []IDeploymentGatePerson) []byte {
	enc, err := deploymentGate.abi.Pack("setPolicy", environment, policy, people)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSetPolicy is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x0b1e940e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function setPolicy(bytes32 environment, (address,uint8[4],uint8,uint24) policy, (uint8,bytes[])[] people) returns()
func (deploymentGate *DeploymentGate) TryPackSetPolicy(environment [32]byte, policy IDeploymentGatePolicy, people []IDeploymentGatePerson) ([]byte, error) {
	return deploymentGate.abi.Pack("setPolicy", environment, policy, people)
}

// PackStateOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x64482ac4.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function stateOf(bytes32 id) view returns(uint8 status, address proposer, uint40 until, uint24 voters, uint24 withdrawn)
func (deploymentGate *DeploymentGate) PackStateOf(id [32]byte) []byte {
	enc, err := deploymentGate.abi.Pack("stateOf", id)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackStateOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x64482ac4.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function stateOf(bytes32 id) view returns(uint8 status, address proposer, uint40 until, uint24 voters, uint24 withdrawn)
func (deploymentGate *DeploymentGate) TryPackStateOf(id [32]byte) ([]byte, error) {
	return deploymentGate.abi.Pack("stateOf", id)
}

// StateOfOutput serves as a container for the return parameters of contract
// method StateOf.
type StateOfOutput struct {
	Status    uint8
	Proposer  common.Address
	Until     *big.Int
	Voters    *big.Int
	Withdrawn *big.Int
}

// UnpackStateOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x64482ac4.
//
// Solidity: function stateOf(bytes32 id) view returns(uint8 status, address proposer, uint40 until, uint24 voters, uint24 withdrawn)
func (deploymentGate *DeploymentGate) UnpackStateOf(data []byte) (StateOfOutput, error) {
	out, err := deploymentGate.abi.Unpack("stateOf", data)
	outstruct := new(StateOfOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Status = *abi.ConvertType(out[0], new(uint8)).(*uint8)
	outstruct.Proposer = *abi.ConvertType(out[1], new(common.Address)).(*common.Address)
	outstruct.Until = abi.ConvertType(out[2], new(big.Int)).(*big.Int)
	outstruct.Voters = abi.ConvertType(out[3], new(big.Int)).(*big.Int)
	outstruct.Withdrawn = abi.ConvertType(out[4], new(big.Int)).(*big.Int)
	return *outstruct, nil
}

// PackSupportsInterface is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ffc9a7.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (deploymentGate *DeploymentGate) PackSupportsInterface(interfaceId [4]byte) []byte {
	enc, err := deploymentGate.abi.Pack("supportsInterface", interfaceId)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSupportsInterface is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ffc9a7.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (deploymentGate *DeploymentGate) TryPackSupportsInterface(interfaceId [4]byte) ([]byte, error) {
	return deploymentGate.abi.Pack("supportsInterface", interfaceId)
}

// UnpackSupportsInterface is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x01ffc9a7.
//
// Solidity: function supportsInterface(bytes4 interfaceId) view returns(bool)
func (deploymentGate *DeploymentGate) UnpackSupportsInterface(data []byte) (bool, error) {
	out, err := deploymentGate.abi.Unpack("supportsInterface", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackVeto is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x82425b45.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function veto((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r, (bytes,uint40,bytes) vote) returns()
func (deploymentGate *DeploymentGate) PackVeto(r IDeploymentGateRequest, vote IDeploymentGateVote) []byte {
	enc, err := deploymentGate.abi.Pack("veto", r, vote)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackVeto is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x82425b45.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function veto((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r, (bytes,uint40,bytes) vote) returns()
func (deploymentGate *DeploymentGate) TryPackVeto(r IDeploymentGateRequest, vote IDeploymentGateVote) ([]byte, error) {
	return deploymentGate.abi.Pack("veto", r, vote)
}

// PackVoteDigest is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xeb15962f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function voteDigest((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r, uint8 decision, uint40 validUntil) view returns(bytes32)
func (deploymentGate *DeploymentGate) PackVoteDigest(r IDeploymentGateRequest, decision uint8, validUntil *big.Int) []byte {
	enc, err := deploymentGate.abi.Pack("voteDigest", r, decision, validUntil)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackVoteDigest is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xeb15962f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function voteDigest((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r, uint8 decision, uint40 validUntil) view returns(bytes32)
func (deploymentGate *DeploymentGate) TryPackVoteDigest(r IDeploymentGateRequest, decision uint8, validUntil *big.Int) ([]byte, error) {
	return deploymentGate.abi.Pack("voteDigest", r, decision, validUntil)
}

// UnpackVoteDigest is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xeb15962f.
//
// Solidity: function voteDigest((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r, uint8 decision, uint40 validUntil) view returns(bytes32)
func (deploymentGate *DeploymentGate) UnpackVoteDigest(data []byte) ([32]byte, error) {
	out, err := deploymentGate.abi.Unpack("voteDigest", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackWithdraw is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa0108f3b.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function withdraw((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r, (bytes,uint40,bytes) vote) returns()
func (deploymentGate *DeploymentGate) PackWithdraw(r IDeploymentGateRequest, vote IDeploymentGateVote) []byte {
	enc, err := deploymentGate.abi.Pack("withdraw", r, vote)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackWithdraw is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa0108f3b.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function withdraw((bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) r, (bytes,uint40,bytes) vote) returns()
func (deploymentGate *DeploymentGate) TryPackWithdraw(r IDeploymentGateRequest, vote IDeploymentGateVote) ([]byte, error) {
	return deploymentGate.abi.Pack("withdraw", r, vote)
}

// DeploymentGateApproved represents a Approved event raised by the DeploymentGate contract.
type DeploymentGateApproved struct {
	Id          [32]byte
	Request     [32]byte
	Environment [32]byte
	Voters      *big.Int
	Until       *big.Int
	Raw         *types.Log // Blockchain specific contextual infos
}

const DeploymentGateApprovedEventName = "Approved"

// ContractEventName returns the user-defined event name.
func (DeploymentGateApproved) ContractEventName() string {
	return DeploymentGateApprovedEventName
}

// UnpackApprovedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Approved(bytes32 indexed id, bytes32 indexed request, bytes32 indexed environment, uint24 voters, uint40 until)
func (deploymentGate *DeploymentGate) UnpackApprovedEvent(log *types.Log) (*DeploymentGateApproved, error) {
	event := "Approved"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGateApproved)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// DeploymentGateCancelled represents a Cancelled event raised by the DeploymentGate contract.
type DeploymentGateCancelled struct {
	Id      [32]byte
	Request [32]byte
	By      common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const DeploymentGateCancelledEventName = "Cancelled"

// ContractEventName returns the user-defined event name.
func (DeploymentGateCancelled) ContractEventName() string {
	return DeploymentGateCancelledEventName
}

// UnpackCancelledEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Cancelled(bytes32 indexed id, bytes32 indexed request, address by)
func (deploymentGate *DeploymentGate) UnpackCancelledEvent(log *types.Log) (*DeploymentGateCancelled, error) {
	event := "Cancelled"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGateCancelled)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// DeploymentGateClosed represents a Closed event raised by the DeploymentGate contract.
type DeploymentGateClosed struct {
	Environment [32]byte
	Epoch       uint32
	Raw         *types.Log // Blockchain specific contextual infos
}

const DeploymentGateClosedEventName = "Closed"

// ContractEventName returns the user-defined event name.
func (DeploymentGateClosed) ContractEventName() string {
	return DeploymentGateClosedEventName
}

// UnpackClosedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Closed(bytes32 indexed environment, uint32 indexed epoch)
func (deploymentGate *DeploymentGate) UnpackClosedEvent(log *types.Log) (*DeploymentGateClosed, error) {
	event := "Closed"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGateClosed)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// DeploymentGateDefaultAdminDelayChangeCanceled represents a DefaultAdminDelayChangeCanceled event raised by the DeploymentGate contract.
type DeploymentGateDefaultAdminDelayChangeCanceled struct {
	Raw *types.Log // Blockchain specific contextual infos
}

const DeploymentGateDefaultAdminDelayChangeCanceledEventName = "DefaultAdminDelayChangeCanceled"

// ContractEventName returns the user-defined event name.
func (DeploymentGateDefaultAdminDelayChangeCanceled) ContractEventName() string {
	return DeploymentGateDefaultAdminDelayChangeCanceledEventName
}

// UnpackDefaultAdminDelayChangeCanceledEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event DefaultAdminDelayChangeCanceled()
func (deploymentGate *DeploymentGate) UnpackDefaultAdminDelayChangeCanceledEvent(log *types.Log) (*DeploymentGateDefaultAdminDelayChangeCanceled, error) {
	event := "DefaultAdminDelayChangeCanceled"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGateDefaultAdminDelayChangeCanceled)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// DeploymentGateDefaultAdminDelayChangeScheduled represents a DefaultAdminDelayChangeScheduled event raised by the DeploymentGate contract.
type DeploymentGateDefaultAdminDelayChangeScheduled struct {
	NewDelay       *big.Int
	EffectSchedule *big.Int
	Raw            *types.Log // Blockchain specific contextual infos
}

const DeploymentGateDefaultAdminDelayChangeScheduledEventName = "DefaultAdminDelayChangeScheduled"

// ContractEventName returns the user-defined event name.
func (DeploymentGateDefaultAdminDelayChangeScheduled) ContractEventName() string {
	return DeploymentGateDefaultAdminDelayChangeScheduledEventName
}

// UnpackDefaultAdminDelayChangeScheduledEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event DefaultAdminDelayChangeScheduled(uint48 newDelay, uint48 effectSchedule)
func (deploymentGate *DeploymentGate) UnpackDefaultAdminDelayChangeScheduledEvent(log *types.Log) (*DeploymentGateDefaultAdminDelayChangeScheduled, error) {
	event := "DefaultAdminDelayChangeScheduled"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGateDefaultAdminDelayChangeScheduled)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// DeploymentGateDefaultAdminTransferCanceled represents a DefaultAdminTransferCanceled event raised by the DeploymentGate contract.
type DeploymentGateDefaultAdminTransferCanceled struct {
	Raw *types.Log // Blockchain specific contextual infos
}

const DeploymentGateDefaultAdminTransferCanceledEventName = "DefaultAdminTransferCanceled"

// ContractEventName returns the user-defined event name.
func (DeploymentGateDefaultAdminTransferCanceled) ContractEventName() string {
	return DeploymentGateDefaultAdminTransferCanceledEventName
}

// UnpackDefaultAdminTransferCanceledEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event DefaultAdminTransferCanceled()
func (deploymentGate *DeploymentGate) UnpackDefaultAdminTransferCanceledEvent(log *types.Log) (*DeploymentGateDefaultAdminTransferCanceled, error) {
	event := "DefaultAdminTransferCanceled"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGateDefaultAdminTransferCanceled)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// DeploymentGateDefaultAdminTransferScheduled represents a DefaultAdminTransferScheduled event raised by the DeploymentGate contract.
type DeploymentGateDefaultAdminTransferScheduled struct {
	NewAdmin       common.Address
	AcceptSchedule *big.Int
	Raw            *types.Log // Blockchain specific contextual infos
}

const DeploymentGateDefaultAdminTransferScheduledEventName = "DefaultAdminTransferScheduled"

// ContractEventName returns the user-defined event name.
func (DeploymentGateDefaultAdminTransferScheduled) ContractEventName() string {
	return DeploymentGateDefaultAdminTransferScheduledEventName
}

// UnpackDefaultAdminTransferScheduledEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event DefaultAdminTransferScheduled(address indexed newAdmin, uint48 acceptSchedule)
func (deploymentGate *DeploymentGate) UnpackDefaultAdminTransferScheduledEvent(log *types.Log) (*DeploymentGateDefaultAdminTransferScheduled, error) {
	event := "DefaultAdminTransferScheduled"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGateDefaultAdminTransferScheduled)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// DeploymentGateEIP712DomainChanged represents a EIP712DomainChanged event raised by the DeploymentGate contract.
type DeploymentGateEIP712DomainChanged struct {
	Raw *types.Log // Blockchain specific contextual infos
}

const DeploymentGateEIP712DomainChangedEventName = "EIP712DomainChanged"

// ContractEventName returns the user-defined event name.
func (DeploymentGateEIP712DomainChanged) ContractEventName() string {
	return DeploymentGateEIP712DomainChangedEventName
}

// UnpackEIP712DomainChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event EIP712DomainChanged()
func (deploymentGate *DeploymentGate) UnpackEIP712DomainChangedEvent(log *types.Log) (*DeploymentGateEIP712DomainChanged, error) {
	event := "EIP712DomainChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGateEIP712DomainChanged)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// DeploymentGateExecuted represents a Executed event raised by the DeploymentGate contract.
type DeploymentGateExecuted struct {
	Id          [32]byte
	Request     [32]byte
	Environment [32]byte
	Evidence    [32]byte
	Raw         *types.Log // Blockchain specific contextual infos
}

const DeploymentGateExecutedEventName = "Executed"

// ContractEventName returns the user-defined event name.
func (DeploymentGateExecuted) ContractEventName() string {
	return DeploymentGateExecutedEventName
}

// UnpackExecutedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Executed(bytes32 indexed id, bytes32 indexed request, bytes32 indexed environment, bytes32 evidence)
func (deploymentGate *DeploymentGate) UnpackExecutedEvent(log *types.Log) (*DeploymentGateExecuted, error) {
	event := "Executed"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGateExecuted)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// DeploymentGatePolicySet represents a PolicySet event raised by the DeploymentGate contract.
type DeploymentGatePolicySet struct {
	Environment [32]byte
	Epoch       uint32
	Policy      IDeploymentGatePolicy
	People      []IDeploymentGatePerson
	Raw         *types.Log // Blockchain specific contextual infos
}

const DeploymentGatePolicySetEventName = "PolicySet"

// ContractEventName returns the user-defined event name.
func (DeploymentGatePolicySet) ContractEventName() string {
	return DeploymentGatePolicySetEventName
}

// UnpackPolicySetEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event PolicySet(bytes32 indexed environment, uint32 indexed epoch, (address,uint8[4],uint8,uint24) policy, (uint8,bytes[])[] people)
func (deploymentGate *DeploymentGate) UnpackPolicySetEvent(log *types.Log) (*DeploymentGatePolicySet, error) {
	event := "PolicySet"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGatePolicySet)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// DeploymentGateProposed represents a Proposed event raised by the DeploymentGate contract.
type DeploymentGateProposed struct {
	Id          [32]byte
	Request     [32]byte
	Environment [32]byte
	Proposer    common.Address
	Details     IDeploymentGateRequest
	Raw         *types.Log // Blockchain specific contextual infos
}

const DeploymentGateProposedEventName = "Proposed"

// ContractEventName returns the user-defined event name.
func (DeploymentGateProposed) ContractEventName() string {
	return DeploymentGateProposedEventName
}

// UnpackProposedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Proposed(bytes32 indexed id, bytes32 indexed request, bytes32 indexed environment, address proposer, (bytes32,bytes32,bytes32,bytes32,uint32,uint40,uint24) details)
func (deploymentGate *DeploymentGate) UnpackProposedEvent(log *types.Log) (*DeploymentGateProposed, error) {
	event := "Proposed"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGateProposed)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// DeploymentGateRoleAdminChanged represents a RoleAdminChanged event raised by the DeploymentGate contract.
type DeploymentGateRoleAdminChanged struct {
	Role              [32]byte
	PreviousAdminRole [32]byte
	NewAdminRole      [32]byte
	Raw               *types.Log // Blockchain specific contextual infos
}

const DeploymentGateRoleAdminChangedEventName = "RoleAdminChanged"

// ContractEventName returns the user-defined event name.
func (DeploymentGateRoleAdminChanged) ContractEventName() string {
	return DeploymentGateRoleAdminChangedEventName
}

// UnpackRoleAdminChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleAdminChanged(bytes32 indexed role, bytes32 indexed previousAdminRole, bytes32 indexed newAdminRole)
func (deploymentGate *DeploymentGate) UnpackRoleAdminChangedEvent(log *types.Log) (*DeploymentGateRoleAdminChanged, error) {
	event := "RoleAdminChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGateRoleAdminChanged)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// DeploymentGateRoleGranted represents a RoleGranted event raised by the DeploymentGate contract.
type DeploymentGateRoleGranted struct {
	Role    [32]byte
	Account common.Address
	Sender  common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const DeploymentGateRoleGrantedEventName = "RoleGranted"

// ContractEventName returns the user-defined event name.
func (DeploymentGateRoleGranted) ContractEventName() string {
	return DeploymentGateRoleGrantedEventName
}

// UnpackRoleGrantedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)
func (deploymentGate *DeploymentGate) UnpackRoleGrantedEvent(log *types.Log) (*DeploymentGateRoleGranted, error) {
	event := "RoleGranted"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGateRoleGranted)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// DeploymentGateRoleRevoked represents a RoleRevoked event raised by the DeploymentGate contract.
type DeploymentGateRoleRevoked struct {
	Role    [32]byte
	Account common.Address
	Sender  common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const DeploymentGateRoleRevokedEventName = "RoleRevoked"

// ContractEventName returns the user-defined event name.
func (DeploymentGateRoleRevoked) ContractEventName() string {
	return DeploymentGateRoleRevokedEventName
}

// UnpackRoleRevokedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)
func (deploymentGate *DeploymentGate) UnpackRoleRevokedEvent(log *types.Log) (*DeploymentGateRoleRevoked, error) {
	event := "RoleRevoked"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGateRoleRevoked)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// DeploymentGateVetoed represents a Vetoed event raised by the DeploymentGate contract.
type DeploymentGateVetoed struct {
	Id      [32]byte
	Request [32]byte
	Person  uint8
	Raw     *types.Log // Blockchain specific contextual infos
}

const DeploymentGateVetoedEventName = "Vetoed"

// ContractEventName returns the user-defined event name.
func (DeploymentGateVetoed) ContractEventName() string {
	return DeploymentGateVetoedEventName
}

// UnpackVetoedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Vetoed(bytes32 indexed id, bytes32 indexed request, uint8 person)
func (deploymentGate *DeploymentGate) UnpackVetoedEvent(log *types.Log) (*DeploymentGateVetoed, error) {
	event := "Vetoed"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGateVetoed)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// DeploymentGateWithdrawn represents a Withdrawn event raised by the DeploymentGate contract.
type DeploymentGateWithdrawn struct {
	Id      [32]byte
	Request [32]byte
	Person  uint8
	Raw     *types.Log // Blockchain specific contextual infos
}

const DeploymentGateWithdrawnEventName = "Withdrawn"

// ContractEventName returns the user-defined event name.
func (DeploymentGateWithdrawn) ContractEventName() string {
	return DeploymentGateWithdrawnEventName
}

// UnpackWithdrawnEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Withdrawn(bytes32 indexed id, bytes32 indexed request, uint8 person)
func (deploymentGate *DeploymentGate) UnpackWithdrawnEvent(log *types.Log) (*DeploymentGateWithdrawn, error) {
	event := "Withdrawn"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != deploymentGate.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(DeploymentGateWithdrawn)
	if len(log.Data) > 0 {
		if err := deploymentGate.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range deploymentGate.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// UnpackError attempts to decode the provided error data using user-defined
// error definitions.
func (deploymentGate *DeploymentGate) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["AccessControlBadConfirmation"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackAccessControlBadConfirmationError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["AccessControlEnforcedDefaultAdminDelay"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackAccessControlEnforcedDefaultAdminDelayError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["AccessControlEnforcedDefaultAdminRules"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackAccessControlEnforcedDefaultAdminRulesError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["AccessControlInvalidDefaultAdmin"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackAccessControlInvalidDefaultAdminError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["AccessControlUnauthorizedAccount"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackAccessControlUnauthorizedAccountError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["AdminCannotVanish"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackAdminCannotVanishError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["AlreadyProposed"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackAlreadyProposedError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["BadPolicy"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackBadPolicyError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["BadSignature"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackBadSignatureError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["Duplicate"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackDuplicateError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["EmptyDigest"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackEmptyDigestError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["Excluded"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackExcludedError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["Expired"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackExpiredError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["HasWithdrawn"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackHasWithdrawnError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["InvalidShortString"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackInvalidShortStringError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["NoPolicy"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackNoPolicyError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["NoQuorum"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackNoQuorumError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["NoVeto"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackNoVetoError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["NotAllowed"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackNotAllowedError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["NotMember"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackNotMemberError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["ProposerNotExcluded"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackProposerNotExcludedError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["SafeCastOverflowedUintDowncast"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackSafeCastOverflowedUintDowncastError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["StringTooLong"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackStringTooLongError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["TooLong"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackTooLongError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["VoteExpired"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackVoteExpiredError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["WrongEpoch"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackWrongEpochError(raw[4:])
	}
	if bytes.Equal(raw[:4], deploymentGate.abi.Errors["WrongStatus"].ID.Bytes()[:4]) {
		return deploymentGate.UnpackWrongStatusError(raw[4:])
	}
	return nil, errors.New("Unknown error")
}

// DeploymentGateAccessControlBadConfirmation represents a AccessControlBadConfirmation error raised by the DeploymentGate contract.
type DeploymentGateAccessControlBadConfirmation struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AccessControlBadConfirmation()
func DeploymentGateAccessControlBadConfirmationErrorID() common.Hash {
	return common.HexToHash("0x6697b23232a647058342c0724fe7c415cab25915b54e5dbc03f233173d37b41c")
}

// UnpackAccessControlBadConfirmationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AccessControlBadConfirmation()
func (deploymentGate *DeploymentGate) UnpackAccessControlBadConfirmationError(raw []byte) (*DeploymentGateAccessControlBadConfirmation, error) {
	out := new(DeploymentGateAccessControlBadConfirmation)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "AccessControlBadConfirmation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateAccessControlEnforcedDefaultAdminDelay represents a AccessControlEnforcedDefaultAdminDelay error raised by the DeploymentGate contract.
type DeploymentGateAccessControlEnforcedDefaultAdminDelay struct {
	Schedule *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AccessControlEnforcedDefaultAdminDelay(uint48 schedule)
func DeploymentGateAccessControlEnforcedDefaultAdminDelayErrorID() common.Hash {
	return common.HexToHash("0x19ca5ebb8fb33f00e502c9392eddab1501674629178bf69b853cf037aaf4bb5d")
}

// UnpackAccessControlEnforcedDefaultAdminDelayError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AccessControlEnforcedDefaultAdminDelay(uint48 schedule)
func (deploymentGate *DeploymentGate) UnpackAccessControlEnforcedDefaultAdminDelayError(raw []byte) (*DeploymentGateAccessControlEnforcedDefaultAdminDelay, error) {
	out := new(DeploymentGateAccessControlEnforcedDefaultAdminDelay)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "AccessControlEnforcedDefaultAdminDelay", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateAccessControlEnforcedDefaultAdminRules represents a AccessControlEnforcedDefaultAdminRules error raised by the DeploymentGate contract.
type DeploymentGateAccessControlEnforcedDefaultAdminRules struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AccessControlEnforcedDefaultAdminRules()
func DeploymentGateAccessControlEnforcedDefaultAdminRulesErrorID() common.Hash {
	return common.HexToHash("0x3fc3c27ae3db78c81b8f6e685172134623efa268ee8cd8d54be38ad2a74fc13b")
}

// UnpackAccessControlEnforcedDefaultAdminRulesError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AccessControlEnforcedDefaultAdminRules()
func (deploymentGate *DeploymentGate) UnpackAccessControlEnforcedDefaultAdminRulesError(raw []byte) (*DeploymentGateAccessControlEnforcedDefaultAdminRules, error) {
	out := new(DeploymentGateAccessControlEnforcedDefaultAdminRules)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "AccessControlEnforcedDefaultAdminRules", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateAccessControlInvalidDefaultAdmin represents a AccessControlInvalidDefaultAdmin error raised by the DeploymentGate contract.
type DeploymentGateAccessControlInvalidDefaultAdmin struct {
	DefaultAdmin common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AccessControlInvalidDefaultAdmin(address defaultAdmin)
func DeploymentGateAccessControlInvalidDefaultAdminErrorID() common.Hash {
	return common.HexToHash("0xc22c8022f2a840d6b6a9f113407715f5bbd4e88c1b0dd9434dc00700ba609ed4")
}

// UnpackAccessControlInvalidDefaultAdminError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AccessControlInvalidDefaultAdmin(address defaultAdmin)
func (deploymentGate *DeploymentGate) UnpackAccessControlInvalidDefaultAdminError(raw []byte) (*DeploymentGateAccessControlInvalidDefaultAdmin, error) {
	out := new(DeploymentGateAccessControlInvalidDefaultAdmin)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "AccessControlInvalidDefaultAdmin", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateAccessControlUnauthorizedAccount represents a AccessControlUnauthorizedAccount error raised by the DeploymentGate contract.
type DeploymentGateAccessControlUnauthorizedAccount struct {
	Account    common.Address
	NeededRole [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)
func DeploymentGateAccessControlUnauthorizedAccountErrorID() common.Hash {
	return common.HexToHash("0xe2517d3fbfae6f8515ef5ff1ccedc3933ab0cbbda0b492c06eb54ad10ef03b3e")
}

// UnpackAccessControlUnauthorizedAccountError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AccessControlUnauthorizedAccount(address account, bytes32 neededRole)
func (deploymentGate *DeploymentGate) UnpackAccessControlUnauthorizedAccountError(raw []byte) (*DeploymentGateAccessControlUnauthorizedAccount, error) {
	out := new(DeploymentGateAccessControlUnauthorizedAccount)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "AccessControlUnauthorizedAccount", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateAdminCannotVanish represents a AdminCannotVanish error raised by the DeploymentGate contract.
type DeploymentGateAdminCannotVanish struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AdminCannotVanish()
func DeploymentGateAdminCannotVanishErrorID() common.Hash {
	return common.HexToHash("0x5775e45a360b827b270ac245984051823eba5a0035d640375d96ec2590bdb58e")
}

// UnpackAdminCannotVanishError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AdminCannotVanish()
func (deploymentGate *DeploymentGate) UnpackAdminCannotVanishError(raw []byte) (*DeploymentGateAdminCannotVanish, error) {
	out := new(DeploymentGateAdminCannotVanish)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "AdminCannotVanish", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateAlreadyProposed represents a AlreadyProposed error raised by the DeploymentGate contract.
type DeploymentGateAlreadyProposed struct {
	Id [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AlreadyProposed(bytes32 id)
func DeploymentGateAlreadyProposedErrorID() common.Hash {
	return common.HexToHash("0x56a75c36b89f73357aecb788326fb064e96cb690c485890e6b0476bb0a008ebe")
}

// UnpackAlreadyProposedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AlreadyProposed(bytes32 id)
func (deploymentGate *DeploymentGate) UnpackAlreadyProposedError(raw []byte) (*DeploymentGateAlreadyProposed, error) {
	out := new(DeploymentGateAlreadyProposed)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "AlreadyProposed", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateBadPolicy represents a BadPolicy error raised by the DeploymentGate contract.
type DeploymentGateBadPolicy struct {
	Part uint8
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadPolicy(uint8 part)
func DeploymentGateBadPolicyErrorID() common.Hash {
	return common.HexToHash("0x4bc0b4b1f4768803dacbbc962bb3675198d27ffd5b9ab8aa233194434b7a4fd9")
}

// UnpackBadPolicyError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadPolicy(uint8 part)
func (deploymentGate *DeploymentGate) UnpackBadPolicyError(raw []byte) (*DeploymentGateBadPolicy, error) {
	out := new(DeploymentGateBadPolicy)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "BadPolicy", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateBadSignature represents a BadSignature error raised by the DeploymentGate contract.
type DeploymentGateBadSignature struct {
	Index *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadSignature(uint256 index)
func DeploymentGateBadSignatureErrorID() common.Hash {
	return common.HexToHash("0xa1c973190ea39240abfd4da3039e0d94cea4d1e689acfee87f4e7dbabee0f307")
}

// UnpackBadSignatureError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadSignature(uint256 index)
func (deploymentGate *DeploymentGate) UnpackBadSignatureError(raw []byte) (*DeploymentGateBadSignature, error) {
	out := new(DeploymentGateBadSignature)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "BadSignature", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateDuplicate represents a Duplicate error raised by the DeploymentGate contract.
type DeploymentGateDuplicate struct {
	Index  *big.Int
	Person uint8
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error Duplicate(uint256 index, uint8 person)
func DeploymentGateDuplicateErrorID() common.Hash {
	return common.HexToHash("0x4e3eea375b0e558240ba1afb0f427a31ea488a879eb612884650141c65391d5f")
}

// UnpackDuplicateError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error Duplicate(uint256 index, uint8 person)
func (deploymentGate *DeploymentGate) UnpackDuplicateError(raw []byte) (*DeploymentGateDuplicate, error) {
	out := new(DeploymentGateDuplicate)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "Duplicate", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateEmptyDigest represents a EmptyDigest error raised by the DeploymentGate contract.
type DeploymentGateEmptyDigest struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error EmptyDigest()
func DeploymentGateEmptyDigestErrorID() common.Hash {
	return common.HexToHash("0x73ca6097e4dbbbae904393617e9d74e83f9b1e73906257753687e5d824acb1ea")
}

// UnpackEmptyDigestError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error EmptyDigest()
func (deploymentGate *DeploymentGate) UnpackEmptyDigestError(raw []byte) (*DeploymentGateEmptyDigest, error) {
	out := new(DeploymentGateEmptyDigest)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "EmptyDigest", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateExcluded represents a Excluded error raised by the DeploymentGate contract.
type DeploymentGateExcluded struct {
	Index  *big.Int
	Person uint8
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error Excluded(uint256 index, uint8 person)
func DeploymentGateExcludedErrorID() common.Hash {
	return common.HexToHash("0x0d6a711d6d33ae91949ba24077eb53da2abfb62dacfffa0025832b2f7091733c")
}

// UnpackExcludedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error Excluded(uint256 index, uint8 person)
func (deploymentGate *DeploymentGate) UnpackExcludedError(raw []byte) (*DeploymentGateExcluded, error) {
	out := new(DeploymentGateExcluded)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "Excluded", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateExpired represents a Expired error raised by the DeploymentGate contract.
type DeploymentGateExpired struct {
	Until *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error Expired(uint40 until)
func DeploymentGateExpiredErrorID() common.Hash {
	return common.HexToHash("0xf83d79852b019470ecfbf0dd1d171a0fd39c0d75d7d9c0b258e849045d372541")
}

// UnpackExpiredError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error Expired(uint40 until)
func (deploymentGate *DeploymentGate) UnpackExpiredError(raw []byte) (*DeploymentGateExpired, error) {
	out := new(DeploymentGateExpired)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "Expired", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateHasWithdrawn represents a HasWithdrawn error raised by the DeploymentGate contract.
type DeploymentGateHasWithdrawn struct {
	Index  *big.Int
	Person uint8
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error HasWithdrawn(uint256 index, uint8 person)
func DeploymentGateHasWithdrawnErrorID() common.Hash {
	return common.HexToHash("0xed0c3645aef84a0dfa0b801a2cf38409b8fda2e3061339aba8cee2863de72ec6")
}

// UnpackHasWithdrawnError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error HasWithdrawn(uint256 index, uint8 person)
func (deploymentGate *DeploymentGate) UnpackHasWithdrawnError(raw []byte) (*DeploymentGateHasWithdrawn, error) {
	out := new(DeploymentGateHasWithdrawn)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "HasWithdrawn", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateInvalidShortString represents a InvalidShortString error raised by the DeploymentGate contract.
type DeploymentGateInvalidShortString struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InvalidShortString()
func DeploymentGateInvalidShortStringErrorID() common.Hash {
	return common.HexToHash("0xb3512b0c6163e5f0bafab72bb631b9d58cd7a731b082f910338aa21c83d5c274")
}

// UnpackInvalidShortStringError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InvalidShortString()
func (deploymentGate *DeploymentGate) UnpackInvalidShortStringError(raw []byte) (*DeploymentGateInvalidShortString, error) {
	out := new(DeploymentGateInvalidShortString)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "InvalidShortString", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateNoPolicy represents a NoPolicy error raised by the DeploymentGate contract.
type DeploymentGateNoPolicy struct {
	Environment [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NoPolicy(bytes32 environment)
func DeploymentGateNoPolicyErrorID() common.Hash {
	return common.HexToHash("0x2ba92e19a0e5a8ae2a98e67668e771007805da5bc47a6dbcb52c43e5881f8e6a")
}

// UnpackNoPolicyError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NoPolicy(bytes32 environment)
func (deploymentGate *DeploymentGate) UnpackNoPolicyError(raw []byte) (*DeploymentGateNoPolicy, error) {
	out := new(DeploymentGateNoPolicy)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "NoPolicy", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateNoQuorum represents a NoQuorum error raised by the DeploymentGate contract.
type DeploymentGateNoQuorum struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NoQuorum()
func DeploymentGateNoQuorumErrorID() common.Hash {
	return common.HexToHash("0x2166ec359111764d8b517c07ff980091f319c3042a65f030153206693d06427e")
}

// UnpackNoQuorumError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NoQuorum()
func (deploymentGate *DeploymentGate) UnpackNoQuorumError(raw []byte) (*DeploymentGateNoQuorum, error) {
	out := new(DeploymentGateNoQuorum)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "NoQuorum", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateNoVeto represents a NoVeto error raised by the DeploymentGate contract.
type DeploymentGateNoVeto struct {
	Person uint8
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NoVeto(uint8 person)
func DeploymentGateNoVetoErrorID() common.Hash {
	return common.HexToHash("0xe0c231b8d167341b6f09fb19e7d01a12ba78ae219fcb4991973e8a8661ae79a7")
}

// UnpackNoVetoError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NoVeto(uint8 person)
func (deploymentGate *DeploymentGate) UnpackNoVetoError(raw []byte) (*DeploymentGateNoVeto, error) {
	out := new(DeploymentGateNoVeto)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "NoVeto", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateNotAllowed represents a NotAllowed error raised by the DeploymentGate contract.
type DeploymentGateNotAllowed struct {
	Caller common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotAllowed(address caller)
func DeploymentGateNotAllowedErrorID() common.Hash {
	return common.HexToHash("0xfa5cd00ff5c4577b9857716999b0b260131d9f5bcbb69f0fa80d6ba972753c88")
}

// UnpackNotAllowedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotAllowed(address caller)
func (deploymentGate *DeploymentGate) UnpackNotAllowedError(raw []byte) (*DeploymentGateNotAllowed, error) {
	out := new(DeploymentGateNotAllowed)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "NotAllowed", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateNotMember represents a NotMember error raised by the DeploymentGate contract.
type DeploymentGateNotMember struct {
	Index *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotMember(uint256 index)
func DeploymentGateNotMemberErrorID() common.Hash {
	return common.HexToHash("0x278040da59277cfafc5a0cf8e3e3f295c6120cf751ebce12abb2f21bba678785")
}

// UnpackNotMemberError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotMember(uint256 index)
func (deploymentGate *DeploymentGate) UnpackNotMemberError(raw []byte) (*DeploymentGateNotMember, error) {
	out := new(DeploymentGateNotMember)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "NotMember", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateProposerNotExcluded represents a ProposerNotExcluded error raised by the DeploymentGate contract.
type DeploymentGateProposerNotExcluded struct {
	Person uint8
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ProposerNotExcluded(uint8 person)
func DeploymentGateProposerNotExcludedErrorID() common.Hash {
	return common.HexToHash("0x536af3d67476aeef4b6c6b8fc2ef974db695d43c4e6a285720102b8b41b9467e")
}

// UnpackProposerNotExcludedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ProposerNotExcluded(uint8 person)
func (deploymentGate *DeploymentGate) UnpackProposerNotExcludedError(raw []byte) (*DeploymentGateProposerNotExcluded, error) {
	out := new(DeploymentGateProposerNotExcluded)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "ProposerNotExcluded", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateSafeCastOverflowedUintDowncast represents a SafeCastOverflowedUintDowncast error raised by the DeploymentGate contract.
type DeploymentGateSafeCastOverflowedUintDowncast struct {
	Bits  uint8
	Value *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value)
func DeploymentGateSafeCastOverflowedUintDowncastErrorID() common.Hash {
	return common.HexToHash("0x6dfcc6503a32754ce7a89698e18201fc5294fd4aad43edefee786f88423b1a12")
}

// UnpackSafeCastOverflowedUintDowncastError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error SafeCastOverflowedUintDowncast(uint8 bits, uint256 value)
func (deploymentGate *DeploymentGate) UnpackSafeCastOverflowedUintDowncastError(raw []byte) (*DeploymentGateSafeCastOverflowedUintDowncast, error) {
	out := new(DeploymentGateSafeCastOverflowedUintDowncast)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "SafeCastOverflowedUintDowncast", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateStringTooLong represents a StringTooLong error raised by the DeploymentGate contract.
type DeploymentGateStringTooLong struct {
	Str string
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error StringTooLong(string str)
func DeploymentGateStringTooLongErrorID() common.Hash {
	return common.HexToHash("0x305a27a93f8e33b7392df0a0f91d6fc63847395853c45991eec52dbf24d72381")
}

// UnpackStringTooLongError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error StringTooLong(string str)
func (deploymentGate *DeploymentGate) UnpackStringTooLongError(raw []byte) (*DeploymentGateStringTooLong, error) {
	out := new(DeploymentGateStringTooLong)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "StringTooLong", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateTooLong represents a TooLong error raised by the DeploymentGate contract.
type DeploymentGateTooLong struct {
	Latest *big.Int
	Got    *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error TooLong(uint40 latest, uint40 got)
func DeploymentGateTooLongErrorID() common.Hash {
	return common.HexToHash("0x81cef28658435ba4cd3d3f7b82432d03dc6cbe7a70a494176a80a0cdb8eb6dc5")
}

// UnpackTooLongError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error TooLong(uint40 latest, uint40 got)
func (deploymentGate *DeploymentGate) UnpackTooLongError(raw []byte) (*DeploymentGateTooLong, error) {
	out := new(DeploymentGateTooLong)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "TooLong", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateVoteExpired represents a VoteExpired error raised by the DeploymentGate contract.
type DeploymentGateVoteExpired struct {
	Index      *big.Int
	ValidUntil *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error VoteExpired(uint256 index, uint40 validUntil)
func DeploymentGateVoteExpiredErrorID() common.Hash {
	return common.HexToHash("0xcfdc5ed43b1e0c6b7987a29603f6d6c10cca1a4d2fc99d53b785d7877502ecff")
}

// UnpackVoteExpiredError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error VoteExpired(uint256 index, uint40 validUntil)
func (deploymentGate *DeploymentGate) UnpackVoteExpiredError(raw []byte) (*DeploymentGateVoteExpired, error) {
	out := new(DeploymentGateVoteExpired)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "VoteExpired", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateWrongEpoch represents a WrongEpoch error raised by the DeploymentGate contract.
type DeploymentGateWrongEpoch struct {
	Current uint32
	Got     uint32
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WrongEpoch(uint32 current, uint32 got)
func DeploymentGateWrongEpochErrorID() common.Hash {
	return common.HexToHash("0x6112d2538b1799486a209770faf93444b9236ffa01c9143ca10ac4712d756b97")
}

// UnpackWrongEpochError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WrongEpoch(uint32 current, uint32 got)
func (deploymentGate *DeploymentGate) UnpackWrongEpochError(raw []byte) (*DeploymentGateWrongEpoch, error) {
	out := new(DeploymentGateWrongEpoch)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "WrongEpoch", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// DeploymentGateWrongStatus represents a WrongStatus error raised by the DeploymentGate contract.
type DeploymentGateWrongStatus struct {
	Id     [32]byte
	Status uint8
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error WrongStatus(bytes32 id, uint8 status)
func DeploymentGateWrongStatusErrorID() common.Hash {
	return common.HexToHash("0x9d81974470eb5e30f285b1055c396a387d885a43a0fb39f84dcb3764cbc907a1")
}

// UnpackWrongStatusError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error WrongStatus(bytes32 id, uint8 status)
func (deploymentGate *DeploymentGate) UnpackWrongStatusError(raw []byte) (*DeploymentGateWrongStatus, error) {
	out := new(DeploymentGateWrongStatus)
	if err := deploymentGate.abi.UnpackIntoInterface(out, "WrongStatus", raw); err != nil {
		return nil, err
	}
	return out, nil
}
