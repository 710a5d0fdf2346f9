// SPDX-License-Identifier: Apache-2.0

// Code generated via abigen V2 - DO NOT EDIT.
// This file is a generated binding and any manual changes will be lost.

package evidenceregistry

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

// EvidenceRegistryMetaData contains all meta data concerning the EvidenceRegistry contract.
var EvidenceRegistryMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"kind\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"subject\",\"type\":\"bytes32\"}],\"name\":\"AlreadyPublished\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"enumIEvidenceRegistry.Vex\",\"name\":\"status\",\"type\":\"uint8\"},{\"internalType\":\"enumIEvidenceRegistry.Justification\",\"name\":\"justification\",\"type\":\"uint8\"}],\"name\":\"BadStatus\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"kind\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"subject\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"have\",\"type\":\"bytes32\"}],\"name\":\"Conflict\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"EmptyDigest\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"NoReason\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"kind\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"subject\",\"type\":\"bytes32\"}],\"name\":\"NotPublished\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"Unchanged\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"reporter\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"package\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"advisory\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"enumIEvidenceRegistry.Vex\",\"name\":\"status\",\"type\":\"uint8\"},{\"indexed\":false,\"internalType\":\"enumIEvidenceRegistry.Justification\",\"name\":\"justification\",\"type\":\"uint8\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"statement\",\"type\":\"bytes32\"}],\"name\":\"Advised\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"publisher\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"kind\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"subject\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"document\",\"type\":\"bytes32\"}],\"name\":\"Published\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"publisher\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"kind\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"subject\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"enumIEvidenceRegistry.Reason\",\"name\":\"reason\",\"type\":\"uint8\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"statement\",\"type\":\"bytes32\"}],\"name\":\"Revoked\",\"type\":\"event\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"package\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"advisory\",\"type\":\"bytes32\"},{\"internalType\":\"enumIEvidenceRegistry.Vex\",\"name\":\"status\",\"type\":\"uint8\"},{\"internalType\":\"enumIEvidenceRegistry.Justification\",\"name\":\"justification\",\"type\":\"uint8\"},{\"internalType\":\"bytes32\",\"name\":\"statement\",\"type\":\"bytes32\"}],\"name\":\"advise\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"publisher\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"kind\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"subject\",\"type\":\"bytes32\"}],\"name\":\"entryOf\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"document\",\"type\":\"bytes32\"},{\"internalType\":\"enumIEvidenceRegistry.State\",\"name\":\"state\",\"type\":\"uint8\"},{\"internalType\":\"enumIEvidenceRegistry.Reason\",\"name\":\"reason\",\"type\":\"uint8\"},{\"internalType\":\"uint40\",\"name\":\"publishedAt\",\"type\":\"uint40\"},{\"internalType\":\"uint40\",\"name\":\"revokedAt\",\"type\":\"uint40\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"publisher\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"kind\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"subject\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"document\",\"type\":\"bytes32\"}],\"name\":\"isPublished\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"kind\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"subject\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"document\",\"type\":\"bytes32\"}],\"name\":\"publish\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"kind\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"subject\",\"type\":\"bytes32\"},{\"internalType\":\"enumIEvidenceRegistry.Reason\",\"name\":\"reason\",\"type\":\"uint8\"},{\"internalType\":\"bytes32\",\"name\":\"statement\",\"type\":\"bytes32\"}],\"name\":\"revoke\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"reporter\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"package\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"advisory\",\"type\":\"bytes32\"}],\"name\":\"statusOf\",\"outputs\":[{\"internalType\":\"enumIEvidenceRegistry.Vex\",\"name\":\"status\",\"type\":\"uint8\"},{\"internalType\":\"enumIEvidenceRegistry.Justification\",\"name\":\"justification\",\"type\":\"uint8\"},{\"internalType\":\"uint40\",\"name\":\"since\",\"type\":\"uint40\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"reporter\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"package\",\"type\":\"bytes32\"}],\"name\":\"tallyOf\",\"outputs\":[{\"internalType\":\"uint48\",\"name\":\"investigated\",\"type\":\"uint48\"},{\"internalType\":\"uint48\",\"name\":\"affected\",\"type\":\"uint48\"},{\"internalType\":\"uint48\",\"name\":\"notAffected\",\"type\":\"uint48\"},{\"internalType\":\"uint48\",\"name\":\"fixed_\",\"type\":\"uint48\"}],\"stateMutability\":\"view\",\"type\":\"function\"}]",
	ID:  "29e4529a022dcb48a401e3ead0416147be",
	Bin: "0x60808060405234601557610a79908161001a8239f35b5f80fdfe60806040526004361015610011575f80fd5b5f3560e01c8063155c4a4e146107a25780633b839e0e1461073157806348415b61146105a85780635308fd2a146102735780638011f25b1461017c5780639974a3d2146100c75763c41966ad14610066575f80fd5b346100c35761007d61007736610916565b91610a38565b5f526001602052606060405f205464ffffffffff60ff8260081c1691604051926100aa8460ff8416610975565b6100b38161096b565b602084015260101c166040820152f35b5f80fd5b346100c35760807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126100c35761010e6101016108f3565b6044359060243590610a38565b5f525f60205260405f2060ff60018201541690600382101561014f576001602092149081610142575b506040519015158152f35b5460643514905082610137565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52602160045260245ffd5b346100c35760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126100c3576101b36108f3565b60405161021b816101ef602082019460243590866020909392919373ffffffffffffffffffffffffffffffffffffffff60408201951681520152565b037fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe08101835282610982565b5190205f526002602052608060405f2065ffffffffffff815460301c169065ffffffffffff815460601c169065ffffffffffff80825460901c16915460c01c1691604051938452602084015260408301526060820152f35b346100c35760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126100c3576024356004356044356005811080156100c3576064359060068210156100c357831580156105a0575b610578575f908315801561055d575b61051e57506102ea858533610a38565b5f52600160205260405f20805460ff81169261014f57600583101561014f578285149182806104fd575b6104d557610368916103258661096b565b7fffffffffffffffffffffffffffffffffffffffffffffffffff000000000000001660ff871617600886901b61ff0016174260101b66ffffffffff000016179055565b156103ba575b5061037c6040518093610975565b6103858161096b565b602082015260843560408201527f9a3dfe6a42e6edcf36578dd8c1a8d91dd489b8d9006c9d64b9b7c8fa59f818fb60603392a4005b6040805133602082019081529181018690526103d981606081016101ef565b5190205f52600260205260405f20906103f284836109f0565b9065ffffffffffff81548360031b1c169165ffffffffffff83146104a857600161043393019065ffffffffffff8084549260031b9316831b921b1916179055565b8061043f575b5061036e565b610448916109f0565b9065ffffffffffff81548360031b1c169182156104a8577fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff6104a193019065ffffffffffff8084549260031b9316831b921b1916179055565b8480610439565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52601160045260245ffd5b7fcf7071eb000000000000000000000000000000000000000000000000000000005f5260045ffd5b508460ff8360081c1661050f8261096b565b6105188161096b565b14610314565b8391507f9e273c52000000000000000000000000000000000000000000000000000000005f521561014f576004526105558161096b565b60245260445ffd5b505f915061056a8361096b565b8215156003851414156102da565b7f73ca6097000000000000000000000000000000000000000000000000000000005f5260045ffd5b5084156102cb565b346100c35760807ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126100c35760243560043560443560068110156100c3576105f28161096b565b801561070957610603838333610a38565b5f525f602052600160405f200160ff815416600381101561014f576001036106d95760027fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff008254161781556106578261096b565b80547fffffffffffffffffffffffffffffffffffffffff0000000000ffffffffff00ff16600883901b61ff0016174260381b6bffffffffff0000000000000016179055604051906106a78161096b565b815260643560208201527f6b6a9951e093f7813da13752fd66631e9f5c93738fbc6aa0ea1843735f92b4d060403392a4005b50507f52371337000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b7f2aaa2e62000000000000000000000000000000000000000000000000000000005f5260045ffd5b346100c35761074261007736610916565b5f525f60205260405f20600181549101549060ff821660ff8360081c1692604051928352600382101561014f5760a09364ffffffffff9260208501526107878161096b565b6040840152818160101c16606084015260381c166080820152f35b346100c35760607ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126100c357602435600435604435811580156108eb575b80156108e3575b610578576107f9838333610a38565b5f525f60205260405f2080548281146108b2578061087f5750818155600190810180547fffffffffffffffffffffffffffffffffffffffffffffffffff0000000000ff00164260101b66ffffffffff0000161790911790556040519081527ff02fdacf7b7532be9ec210ccadc386428b633b5f0f1d8fce82e005bd939159b660203392a4005b84847fb220b450000000000000000000000000000000000000000000000000000000005f5260045260245260445260645ffd5b5050507fc067b5a5000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b5080156107ea565b5082156107e3565b6004359073ffffffffffffffffffffffffffffffffffffffff821682036100c357565b7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc60609101126100c35760043573ffffffffffffffffffffffffffffffffffffffff811681036100c357906024359060443590565b6006111561014f57565b90600582101561014f5752565b90601f7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0910116810190811067ffffffffffffffff8211176109c357604052565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52604160045260245ffd5b9190916005831015610a0b5760056006918185040193060290565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52603260045260245ffd5b916040519173ffffffffffffffffffffffffffffffffffffffff60208401941684526040830152606082015260608152610a73608082610982565b5190209056",
}

// EvidenceRegistry is an auto generated Go binding around an Ethereum contract.
type EvidenceRegistry struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *EvidenceRegistry) GetABI() abi.ABI {
	return c.abi
}

// NewEvidenceRegistry creates a new instance of EvidenceRegistry.
func NewEvidenceRegistry() *EvidenceRegistry {
	parsed, err := EvidenceRegistryMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &EvidenceRegistry{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *EvidenceRegistry) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackAdvise is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5308fd2a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function advise(bytes32 package, bytes32 advisory, uint8 status, uint8 justification, bytes32 statement) returns()
func (evidenceRegistry *EvidenceRegistry) PackAdvise(arg0 [32]byte, advisory [32]byte, status uint8, justification uint8, statement [32]byte) []byte {
	enc, err := evidenceRegistry.abi.Pack("advise", arg0, advisory, status, justification, statement)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackAdvise is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5308fd2a.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function advise(bytes32 package, bytes32 advisory, uint8 status, uint8 justification, bytes32 statement) returns()
func (evidenceRegistry *EvidenceRegistry) TryPackAdvise(arg0 [32]byte, advisory [32]byte, status uint8, justification uint8, statement [32]byte) ([]byte, error) {
	return evidenceRegistry.abi.Pack("advise", arg0, advisory, status, justification, statement)
}

// PackEntryOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3b839e0e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function entryOf(address publisher, bytes32 kind, bytes32 subject) view returns(bytes32 document, uint8 state, uint8 reason, uint40 publishedAt, uint40 revokedAt)
func (evidenceRegistry *EvidenceRegistry) PackEntryOf(publisher common.Address, kind [32]byte, subject [32]byte) []byte {
	enc, err := evidenceRegistry.abi.Pack("entryOf", publisher, kind, subject)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackEntryOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3b839e0e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function entryOf(address publisher, bytes32 kind, bytes32 subject) view returns(bytes32 document, uint8 state, uint8 reason, uint40 publishedAt, uint40 revokedAt)
func (evidenceRegistry *EvidenceRegistry) TryPackEntryOf(publisher common.Address, kind [32]byte, subject [32]byte) ([]byte, error) {
	return evidenceRegistry.abi.Pack("entryOf", publisher, kind, subject)
}

// EntryOfOutput serves as a container for the return parameters of contract
// method EntryOf.
type EntryOfOutput struct {
	Document    [32]byte
	State       uint8
	Reason      uint8
	PublishedAt *big.Int
	RevokedAt   *big.Int
}

// UnpackEntryOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x3b839e0e.
//
// Solidity: function entryOf(address publisher, bytes32 kind, bytes32 subject) view returns(bytes32 document, uint8 state, uint8 reason, uint40 publishedAt, uint40 revokedAt)
func (evidenceRegistry *EvidenceRegistry) UnpackEntryOf(data []byte) (EntryOfOutput, error) {
	out, err := evidenceRegistry.abi.Unpack("entryOf", data)
	outstruct := new(EntryOfOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Document = *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	outstruct.State = *abi.ConvertType(out[1], new(uint8)).(*uint8)
	outstruct.Reason = *abi.ConvertType(out[2], new(uint8)).(*uint8)
	outstruct.PublishedAt = abi.ConvertType(out[3], new(big.Int)).(*big.Int)
	outstruct.RevokedAt = abi.ConvertType(out[4], new(big.Int)).(*big.Int)
	return *outstruct, nil
}

// PackIsPublished is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9974a3d2.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function isPublished(address publisher, bytes32 kind, bytes32 subject, bytes32 document) view returns(bool)
func (evidenceRegistry *EvidenceRegistry) PackIsPublished(publisher common.Address, kind [32]byte, subject [32]byte, document [32]byte) []byte {
	enc, err := evidenceRegistry.abi.Pack("isPublished", publisher, kind, subject, document)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackIsPublished is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9974a3d2.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function isPublished(address publisher, bytes32 kind, bytes32 subject, bytes32 document) view returns(bool)
func (evidenceRegistry *EvidenceRegistry) TryPackIsPublished(publisher common.Address, kind [32]byte, subject [32]byte, document [32]byte) ([]byte, error) {
	return evidenceRegistry.abi.Pack("isPublished", publisher, kind, subject, document)
}

// UnpackIsPublished is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x9974a3d2.
//
// Solidity: function isPublished(address publisher, bytes32 kind, bytes32 subject, bytes32 document) view returns(bool)
func (evidenceRegistry *EvidenceRegistry) UnpackIsPublished(data []byte) (bool, error) {
	out, err := evidenceRegistry.abi.Unpack("isPublished", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackPublish is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x155c4a4e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function publish(bytes32 kind, bytes32 subject, bytes32 document) returns()
func (evidenceRegistry *EvidenceRegistry) PackPublish(kind [32]byte, subject [32]byte, document [32]byte) []byte {
	enc, err := evidenceRegistry.abi.Pack("publish", kind, subject, document)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPublish is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x155c4a4e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function publish(bytes32 kind, bytes32 subject, bytes32 document) returns()
func (evidenceRegistry *EvidenceRegistry) TryPackPublish(kind [32]byte, subject [32]byte, document [32]byte) ([]byte, error) {
	return evidenceRegistry.abi.Pack("publish", kind, subject, document)
}

// PackRevoke is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x48415b61.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function revoke(bytes32 kind, bytes32 subject, uint8 reason, bytes32 statement) returns()
func (evidenceRegistry *EvidenceRegistry) PackRevoke(kind [32]byte, subject [32]byte, reason uint8, statement [32]byte) []byte {
	enc, err := evidenceRegistry.abi.Pack("revoke", kind, subject, reason, statement)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRevoke is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x48415b61.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function revoke(bytes32 kind, bytes32 subject, uint8 reason, bytes32 statement) returns()
func (evidenceRegistry *EvidenceRegistry) TryPackRevoke(kind [32]byte, subject [32]byte, reason uint8, statement [32]byte) ([]byte, error) {
	return evidenceRegistry.abi.Pack("revoke", kind, subject, reason, statement)
}

// PackStatusOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc41966ad.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function statusOf(address reporter, bytes32 package, bytes32 advisory) view returns(uint8 status, uint8 justification, uint40 since)
func (evidenceRegistry *EvidenceRegistry) PackStatusOf(reporter common.Address, arg1 [32]byte, advisory [32]byte) []byte {
	enc, err := evidenceRegistry.abi.Pack("statusOf", reporter, arg1, advisory)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackStatusOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc41966ad.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function statusOf(address reporter, bytes32 package, bytes32 advisory) view returns(uint8 status, uint8 justification, uint40 since)
func (evidenceRegistry *EvidenceRegistry) TryPackStatusOf(reporter common.Address, arg1 [32]byte, advisory [32]byte) ([]byte, error) {
	return evidenceRegistry.abi.Pack("statusOf", reporter, arg1, advisory)
}

// StatusOfOutput serves as a container for the return parameters of contract
// method StatusOf.
type StatusOfOutput struct {
	Status        uint8
	Justification uint8
	Since         *big.Int
}

// UnpackStatusOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xc41966ad.
//
// Solidity: function statusOf(address reporter, bytes32 package, bytes32 advisory) view returns(uint8 status, uint8 justification, uint40 since)
func (evidenceRegistry *EvidenceRegistry) UnpackStatusOf(data []byte) (StatusOfOutput, error) {
	out, err := evidenceRegistry.abi.Unpack("statusOf", data)
	outstruct := new(StatusOfOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Status = *abi.ConvertType(out[0], new(uint8)).(*uint8)
	outstruct.Justification = *abi.ConvertType(out[1], new(uint8)).(*uint8)
	outstruct.Since = abi.ConvertType(out[2], new(big.Int)).(*big.Int)
	return *outstruct, nil
}

// PackTallyOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8011f25b.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function tallyOf(address reporter, bytes32 package) view returns(uint48 investigated, uint48 affected, uint48 notAffected, uint48 fixed_)
func (evidenceRegistry *EvidenceRegistry) PackTallyOf(reporter common.Address, arg1 [32]byte) []byte {
	enc, err := evidenceRegistry.abi.Pack("tallyOf", reporter, arg1)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTallyOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8011f25b.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function tallyOf(address reporter, bytes32 package) view returns(uint48 investigated, uint48 affected, uint48 notAffected, uint48 fixed_)
func (evidenceRegistry *EvidenceRegistry) TryPackTallyOf(reporter common.Address, arg1 [32]byte) ([]byte, error) {
	return evidenceRegistry.abi.Pack("tallyOf", reporter, arg1)
}

// TallyOfOutput serves as a container for the return parameters of contract
// method TallyOf.
type TallyOfOutput struct {
	Investigated *big.Int
	Affected     *big.Int
	NotAffected  *big.Int
	Fixed        *big.Int
}

// UnpackTallyOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x8011f25b.
//
// Solidity: function tallyOf(address reporter, bytes32 package) view returns(uint48 investigated, uint48 affected, uint48 notAffected, uint48 fixed_)
func (evidenceRegistry *EvidenceRegistry) UnpackTallyOf(data []byte) (TallyOfOutput, error) {
	out, err := evidenceRegistry.abi.Unpack("tallyOf", data)
	outstruct := new(TallyOfOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Investigated = abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	outstruct.Affected = abi.ConvertType(out[1], new(big.Int)).(*big.Int)
	outstruct.NotAffected = abi.ConvertType(out[2], new(big.Int)).(*big.Int)
	outstruct.Fixed = abi.ConvertType(out[3], new(big.Int)).(*big.Int)
	return *outstruct, nil
}

// EvidenceRegistryAdvised represents a Advised event raised by the EvidenceRegistry contract.
type EvidenceRegistryAdvised struct {
	Reporter      common.Address
	Arg1          [32]byte
	Advisory      [32]byte
	Status        uint8
	Justification uint8
	Statement     [32]byte
	Raw           *types.Log // Blockchain specific contextual infos
}

const EvidenceRegistryAdvisedEventName = "Advised"

// ContractEventName returns the user-defined event name.
func (EvidenceRegistryAdvised) ContractEventName() string {
	return EvidenceRegistryAdvisedEventName
}

// UnpackAdvisedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Advised(address indexed reporter, bytes32 indexed package, bytes32 indexed advisory, uint8 status, uint8 justification, bytes32 statement)
func (evidenceRegistry *EvidenceRegistry) UnpackAdvisedEvent(log *types.Log) (*EvidenceRegistryAdvised, error) {
	event := "Advised"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != evidenceRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(EvidenceRegistryAdvised)
	if len(log.Data) > 0 {
		if err := evidenceRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range evidenceRegistry.abi.Events[event].Inputs {
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

// EvidenceRegistryPublished represents a Published event raised by the EvidenceRegistry contract.
type EvidenceRegistryPublished struct {
	Publisher common.Address
	Kind      [32]byte
	Subject   [32]byte
	Document  [32]byte
	Raw       *types.Log // Blockchain specific contextual infos
}

const EvidenceRegistryPublishedEventName = "Published"

// ContractEventName returns the user-defined event name.
func (EvidenceRegistryPublished) ContractEventName() string {
	return EvidenceRegistryPublishedEventName
}

// UnpackPublishedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Published(address indexed publisher, bytes32 indexed kind, bytes32 indexed subject, bytes32 document)
func (evidenceRegistry *EvidenceRegistry) UnpackPublishedEvent(log *types.Log) (*EvidenceRegistryPublished, error) {
	event := "Published"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != evidenceRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(EvidenceRegistryPublished)
	if len(log.Data) > 0 {
		if err := evidenceRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range evidenceRegistry.abi.Events[event].Inputs {
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

// EvidenceRegistryRevoked represents a Revoked event raised by the EvidenceRegistry contract.
type EvidenceRegistryRevoked struct {
	Publisher common.Address
	Kind      [32]byte
	Subject   [32]byte
	Reason    uint8
	Statement [32]byte
	Raw       *types.Log // Blockchain specific contextual infos
}

const EvidenceRegistryRevokedEventName = "Revoked"

// ContractEventName returns the user-defined event name.
func (EvidenceRegistryRevoked) ContractEventName() string {
	return EvidenceRegistryRevokedEventName
}

// UnpackRevokedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Revoked(address indexed publisher, bytes32 indexed kind, bytes32 indexed subject, uint8 reason, bytes32 statement)
func (evidenceRegistry *EvidenceRegistry) UnpackRevokedEvent(log *types.Log) (*EvidenceRegistryRevoked, error) {
	event := "Revoked"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != evidenceRegistry.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(EvidenceRegistryRevoked)
	if len(log.Data) > 0 {
		if err := evidenceRegistry.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range evidenceRegistry.abi.Events[event].Inputs {
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
func (evidenceRegistry *EvidenceRegistry) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], evidenceRegistry.abi.Errors["AlreadyPublished"].ID.Bytes()[:4]) {
		return evidenceRegistry.UnpackAlreadyPublishedError(raw[4:])
	}
	if bytes.Equal(raw[:4], evidenceRegistry.abi.Errors["BadStatus"].ID.Bytes()[:4]) {
		return evidenceRegistry.UnpackBadStatusError(raw[4:])
	}
	if bytes.Equal(raw[:4], evidenceRegistry.abi.Errors["Conflict"].ID.Bytes()[:4]) {
		return evidenceRegistry.UnpackConflictError(raw[4:])
	}
	if bytes.Equal(raw[:4], evidenceRegistry.abi.Errors["EmptyDigest"].ID.Bytes()[:4]) {
		return evidenceRegistry.UnpackEmptyDigestError(raw[4:])
	}
	if bytes.Equal(raw[:4], evidenceRegistry.abi.Errors["NoReason"].ID.Bytes()[:4]) {
		return evidenceRegistry.UnpackNoReasonError(raw[4:])
	}
	if bytes.Equal(raw[:4], evidenceRegistry.abi.Errors["NotPublished"].ID.Bytes()[:4]) {
		return evidenceRegistry.UnpackNotPublishedError(raw[4:])
	}
	if bytes.Equal(raw[:4], evidenceRegistry.abi.Errors["Unchanged"].ID.Bytes()[:4]) {
		return evidenceRegistry.UnpackUnchangedError(raw[4:])
	}
	return nil, errors.New("Unknown error")
}

// EvidenceRegistryAlreadyPublished represents a AlreadyPublished error raised by the EvidenceRegistry contract.
type EvidenceRegistryAlreadyPublished struct {
	Kind    [32]byte
	Subject [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AlreadyPublished(bytes32 kind, bytes32 subject)
func EvidenceRegistryAlreadyPublishedErrorID() common.Hash {
	return common.HexToHash("0xc067b5a5ebebe69a459b6c1f200a0d48749fd0c460193bb8e21a5721644a047b")
}

// UnpackAlreadyPublishedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AlreadyPublished(bytes32 kind, bytes32 subject)
func (evidenceRegistry *EvidenceRegistry) UnpackAlreadyPublishedError(raw []byte) (*EvidenceRegistryAlreadyPublished, error) {
	out := new(EvidenceRegistryAlreadyPublished)
	if err := evidenceRegistry.abi.UnpackIntoInterface(out, "AlreadyPublished", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// EvidenceRegistryBadStatus represents a BadStatus error raised by the EvidenceRegistry contract.
type EvidenceRegistryBadStatus struct {
	Status        uint8
	Justification uint8
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadStatus(uint8 status, uint8 justification)
func EvidenceRegistryBadStatusErrorID() common.Hash {
	return common.HexToHash("0x9e273c52372457c828d81e307d4c157c0a1d9b41af00a61ef48dffd0b46134c7")
}

// UnpackBadStatusError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadStatus(uint8 status, uint8 justification)
func (evidenceRegistry *EvidenceRegistry) UnpackBadStatusError(raw []byte) (*EvidenceRegistryBadStatus, error) {
	out := new(EvidenceRegistryBadStatus)
	if err := evidenceRegistry.abi.UnpackIntoInterface(out, "BadStatus", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// EvidenceRegistryConflict represents a Conflict error raised by the EvidenceRegistry contract.
type EvidenceRegistryConflict struct {
	Kind    [32]byte
	Subject [32]byte
	Have    [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error Conflict(bytes32 kind, bytes32 subject, bytes32 have)
func EvidenceRegistryConflictErrorID() common.Hash {
	return common.HexToHash("0xb220b4504ae16bdb0b7e7b876e2e988674cf039cdc1654f922b0cab08cfaa789")
}

// UnpackConflictError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error Conflict(bytes32 kind, bytes32 subject, bytes32 have)
func (evidenceRegistry *EvidenceRegistry) UnpackConflictError(raw []byte) (*EvidenceRegistryConflict, error) {
	out := new(EvidenceRegistryConflict)
	if err := evidenceRegistry.abi.UnpackIntoInterface(out, "Conflict", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// EvidenceRegistryEmptyDigest represents a EmptyDigest error raised by the EvidenceRegistry contract.
type EvidenceRegistryEmptyDigest struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error EmptyDigest()
func EvidenceRegistryEmptyDigestErrorID() common.Hash {
	return common.HexToHash("0x73ca6097e4dbbbae904393617e9d74e83f9b1e73906257753687e5d824acb1ea")
}

// UnpackEmptyDigestError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error EmptyDigest()
func (evidenceRegistry *EvidenceRegistry) UnpackEmptyDigestError(raw []byte) (*EvidenceRegistryEmptyDigest, error) {
	out := new(EvidenceRegistryEmptyDigest)
	if err := evidenceRegistry.abi.UnpackIntoInterface(out, "EmptyDigest", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// EvidenceRegistryNoReason represents a NoReason error raised by the EvidenceRegistry contract.
type EvidenceRegistryNoReason struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NoReason()
func EvidenceRegistryNoReasonErrorID() common.Hash {
	return common.HexToHash("0x2aaa2e622561f69abf299a2c9a78dc7e7077a63115333adc05f066114cd59845")
}

// UnpackNoReasonError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NoReason()
func (evidenceRegistry *EvidenceRegistry) UnpackNoReasonError(raw []byte) (*EvidenceRegistryNoReason, error) {
	out := new(EvidenceRegistryNoReason)
	if err := evidenceRegistry.abi.UnpackIntoInterface(out, "NoReason", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// EvidenceRegistryNotPublished represents a NotPublished error raised by the EvidenceRegistry contract.
type EvidenceRegistryNotPublished struct {
	Kind    [32]byte
	Subject [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotPublished(bytes32 kind, bytes32 subject)
func EvidenceRegistryNotPublishedErrorID() common.Hash {
	return common.HexToHash("0x52371337fa2641facfa1b6d702b73bbff7b1672e9e2de73cc47f243d285ef172")
}

// UnpackNotPublishedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotPublished(bytes32 kind, bytes32 subject)
func (evidenceRegistry *EvidenceRegistry) UnpackNotPublishedError(raw []byte) (*EvidenceRegistryNotPublished, error) {
	out := new(EvidenceRegistryNotPublished)
	if err := evidenceRegistry.abi.UnpackIntoInterface(out, "NotPublished", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// EvidenceRegistryUnchanged represents a Unchanged error raised by the EvidenceRegistry contract.
type EvidenceRegistryUnchanged struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error Unchanged()
func EvidenceRegistryUnchangedErrorID() common.Hash {
	return common.HexToHash("0xcf7071ebf32ac512ba293016c226158d7015c28d24577686e15f1b63cbc5d6b3")
}

// UnpackUnchangedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error Unchanged()
func (evidenceRegistry *EvidenceRegistry) UnpackUnchangedError(raw []byte) (*EvidenceRegistryUnchanged, error) {
	out := new(EvidenceRegistryUnchanged)
	if err := evidenceRegistry.abi.UnpackIntoInterface(out, "Unchanged", raw); err != nil {
		return nil, err
	}
	return out, nil
}
