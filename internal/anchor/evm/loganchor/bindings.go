// SPDX-License-Identifier: Apache-2.0

// Code generated via abigen V2 - DO NOT EDIT.
// This file is a generated binding and any manual changes will be lost.

package loganchor

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

// LogAnchorMetaData contains all meta data concerning the LogAnchor contract.
var LogAnchorMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"size\",\"type\":\"uint64\"}],\"name\":\"AlreadyAnchored\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"Empty\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"size\",\"type\":\"uint64\"},{\"internalType\":\"bytes27\",\"name\":\"have\",\"type\":\"bytes27\"},{\"internalType\":\"bytes32\",\"name\":\"got\",\"type\":\"bytes32\"}],\"name\":\"Fork\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"}],\"name\":\"NeedsProof\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"have\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"got\",\"type\":\"uint64\"}],\"name\":\"NotProven\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotSubmitter\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"}],\"name\":\"OwnableInvalidOwner\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"OwnableUnauthorizedAccount\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"OwnerCannotVanish\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"have\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"got\",\"type\":\"uint64\"}],\"name\":\"Smaller\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"size\",\"type\":\"uint64\"}],\"name\":\"TooLarge\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"}],\"name\":\"TooLate\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"uint64\",\"name\":\"size\",\"type\":\"uint64\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"}],\"name\":\"Anchored\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"previousOwner\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"newOwner\",\"type\":\"address\"}],\"name\":\"OwnershipTransferStarted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"previousOwner\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"newOwner\",\"type\":\"address\"}],\"name\":\"OwnershipTransferred\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"}],\"name\":\"StrictSet\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"submitter\",\"type\":\"address\"}],\"name\":\"SubmitterSet\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"acceptOwnership\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"size\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"}],\"name\":\"anchor\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"size\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"lastRoot\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32[]\",\"name\":\"path\",\"type\":\"bytes32[]\"}],\"name\":\"extend\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"}],\"name\":\"head\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"size\",\"type\":\"uint64\"},{\"internalType\":\"bytes27\",\"name\":\"root\",\"type\":\"bytes27\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"size\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"}],\"name\":\"isHead\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"owner\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"pendingOwner\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"renounceOwnership\",\"outputs\":[],\"stateMutability\":\"pure\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"}],\"name\":\"setStrict\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"submitter\",\"type\":\"address\"}],\"name\":\"setSubmitter\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"}],\"name\":\"strict\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"}],\"name\":\"submitterOf\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"newOwner\",\"type\":\"address\"}],\"name\":\"transferOwnership\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"first\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"second\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"firstRoot\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"secondRoot\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32[]\",\"name\":\"path\",\"type\":\"bytes32[]\"}],\"name\":\"verifyConsistency\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"leaf\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"index\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"size\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32[]\",\"name\":\"path\",\"type\":\"bytes32[]\"}],\"name\":\"verifyInclusion\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"origin\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"leaf\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"index\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"size\",\"type\":\"uint64\"},{\"internalType\":\"bytes32\",\"name\":\"root\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32[]\",\"name\":\"path\",\"type\":\"bytes32[]\"}],\"name\":\"verifyLogged\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"}]",
	ID:  "1631858d262f9f09f99fbbaefdc3366924",
	Bin: "0x60803460c157601f61132338819003918201601f19168301916001600160401b0383118484101760c55780849260209460405283398101031260c157516001600160a01b0381169081900360c157801560ae57600180546001600160a01b03199081169091555f80549182168317815560405192916001600160a01b0316907f8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e09080a361124990816100da8239f35b631e4fbdf760e01b5f525f60045260245ffd5b5f80fd5b634e487b7160e01b5f52604160045260245ffdfe60806040526004361015610011575f80fd5b5f3560e01c806316b0fb9f14610b0d5780633db5ada714610a975780634006383c1461099e57806370c127c6146108c0578063715018a61461086a57806379ba5097146107645780638da5cb5b146107145780639f478f5c146106c1578063ae2b48ad14610580578063c2d023c414610567578063d1d63a24146104db578063e30c39781461048a578063e3dd33f3146102b1578063f1a2ccba14610205578063f2fde38b146101455763f339e3b2146100c9575f80fd5b346101415760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610141576004355f52600260205260406001815f2001547fffffffffffffffffffffffffffffffffffffffffffffffffffffff000000000082519164ffffffffff81168352166020820152f35b5f80fd5b346101415760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101415760043573ffffffffffffffffffffffffffffffffffffffff81168091036101415761019d610e1e565b807fffffffffffffffffffffffff0000000000000000000000000000000000000000600154161760015573ffffffffffffffffffffffffffffffffffffffff5f54167f38d16b8cac22d99fc7c124b9cd0de2d3fa1faef420bfe791d8c362d765e227005f80a3005b346101415760c07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101415761023c610b7e565b6064359067ffffffffffffffff821682036101415760843560a4359267ffffffffffffffff8411610141576102776020943690600401610b95565b9290916102878282600435610c4e565b948561029a575b86866040519015158152f35b6102a79550602435610cfd565b828080808061028e565b346101415760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610141576004356102eb610b67565b906044356064359260843567ffffffffffffffff811161014157610313903690600401610b95565b91845f52600260205260405f2073ffffffffffffffffffffffffffffffffffffffff61033e87610c0f565b163303610484576001019283549064ffffffffff82169367ffffffffffffffff841698858a11801590610476575b61046d57879084159485610464575b877fffffffffffffffffffffffffffffffffffffffffffffffffffffff000000000083161714958661044d575b5050505050159081610444575b50610410575081602091857fffffffffffffffffffffffffffffffffffffffffffffffffffffff00000000007fbea4d11b910aad40d2df2a90d97a3329219b6389f85777c99daad7eb5fafd4399516179055604051908152a3005b8490847f6c9aef1e000000000000000000000000000000000000000000000000000000005f5260045260245260445260645ffd5b905015866103b5565b61045995965087611051565b9087808681806103a8565b8415955061037b565b8785858b610edb565b5064ffffffffff8a1161036c565b85610e3e565b34610141575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261014157602073ffffffffffffffffffffffffffffffffffffffff60015416604051908152f35b346101415760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc3601126101415760043567ffffffffffffffff8116810361014157610526610b67565b6084359067ffffffffffffffff82116101415760209261054d61055d933690600401610b95565b9290916064359160443591611051565b6040519015158152f35b3461014157602061055d61057a36610bc6565b91610c4e565b346101415760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610141576004356105ba610e1e565b805f52600260205260405f206001810154158015906106b0575b6106845780547fffffffffffffffffffffffff000000000000000000000000000000000000000081168255600290910180547fffffffffffffffffffffff0000000000000000000000000000000000000000001673ffffffffffffffffffffffffffffffffffffffff9290921691909117740100000000000000000000000000000000000000001790557f9bd2bb5ad8abba2c76b5aae170df6c03170e3e8c0130de2cc17572fefe5390c65f80a2005b507f9ec749bd000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b5060ff600282015460a01c166105d4565b346101415760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610141576004355f526002602052602060ff600260405f20015460a01c166040519015158152f35b34610141575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261014157602073ffffffffffffffffffffffffffffffffffffffff5f5416604051908152f35b34610141575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610141576001543373ffffffffffffffffffffffffffffffffffffffff82160361083e577fffffffffffffffffffffffff0000000000000000000000000000000000000000166001555f54337fffffffffffffffffffffffff00000000000000000000000000000000000000008216175f5573ffffffffffffffffffffffffffffffffffffffff3391167f8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e05f80a3005b7f118cdaa7000000000000000000000000000000000000000000000000000000005f523360045260245ffd5b34610141575f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610141577f75a4bbda000000000000000000000000000000000000000000000000000000005f5260045ffd5b34610141576108ce36610bc6565b825f93929352600260205260405f2073ffffffffffffffffffffffffffffffffffffffff81541633036109985760010180549367ffffffffffffffff81169464ffffffffff811664ffffffffff83161180159061098a575b61098157505081602091857fffffffffffffffffffffffffffffffffffffffffffffffffffffff00000000007fbea4d11b910aad40d2df2a90d97a3329219b6389f85777c99daad7eb5fafd4399516179055604051908152a3005b91509192610edb565b5064ffffffffff8611610926565b82610e3e565b346101415760407ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610141576004356024359073ffffffffffffffffffffffffffffffffffffffff8216809203610141576109fa610e1e565b805f52600260205260405f20600281019060ff825460a01c165f14610a695750827fffffffffffffffffffffffff00000000000000000000000000000000000000008254161790555b7f1f9848e420a703af0c26c76e55c90ce91828d4b19d3e99104c22a4adb17fb5fe5f80a3005b80547fffffffffffffffffffffffff0000000000000000000000000000000000000000168417905550610a43565b346101415760a07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc36011261014157610ace610b67565b610ad6610b7e565b906084359067ffffffffffffffff821161014157602092610afe61055d933690600401610b95565b92909160643591600435610cfd565b346101415760207ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc360112610141576020610b49600435610c0f565b73ffffffffffffffffffffffffffffffffffffffff60405191168152f35b6024359067ffffffffffffffff8216820361014157565b6044359067ffffffffffffffff8216820361014157565b9181601f840112156101415782359167ffffffffffffffff8311610141576020808501948460051b01011161014157565b7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffc6060910112610141576004359060243567ffffffffffffffff81168103610141579060443590565b5f52600260205273ffffffffffffffffffffffffffffffffffffffff60405f2060028101549060ff8260a01c165f14610c4757501690565b9050541690565b919067ffffffffffffffff168015159283610cb0575b83610c70575b50505090565b909192505f5260026020527fffffffffffffffffffffffffffffffffffffffffffffffffffffff0000000000600160405f200154921617145f8080610c6a565b64ffffffffff8211159350610c64565b9190811015610cd05760051b0190565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52603260045260245ffd5b92939167ffffffffffffffff809116911681811015610e1457907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff8101908111610de757929490915f915b808310610d655750505050159182610d5f57505090565b14919050565b90929584929415610ddc576001808816148015610dd3575b15610db557600192610d9d610da392610d97888689610cc0565b356111f8565b9761121f565b92905b811c92811c9401919290610d48565b610dcd600191610dc6878588610cc0565b35906111f8565b96610da6565b50828714610d7d565b505050505050505f90565b7f4e487b71000000000000000000000000000000000000000000000000000000005f52601160045260245ffd5b5050505050505f90565b73ffffffffffffffffffffffffffffffffffffffff5f5416330361083e57565b805f526002602052600260405f20015460ff8160a01c169081610ebb575b50610e90577fd4bae604000000000000000000000000000000000000000000000000000000005f526004523360245260445ffd5b7f88ed56c8000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b73ffffffffffffffffffffffffffffffffffffffff91501633145f610e5c565b67ffffffffffffffff909216929083156110295764ffffffffff8411610ffd5764ffffffffff8116808510610fc9575080847fffffffffffffffffffffffffffffffffffffffffffffffffffffff000000000084161714610f99577fffffffffffffffffffffffffffffffffffffffffffffffffffffff000000000090608494604051947fc8f4da10000000000000000000000000000000000000000000000000000000008652600486015260248501521660448301526064820152fd5b50507f7332e7a7000000000000000000000000000000000000000000000000000000005f5260045260245260445ffd5b8490847f69bde5f7000000000000000000000000000000000000000000000000000000005f5260045260245260445260645ffd5b837f637aafff000000000000000000000000000000000000000000000000000000005f5260045260245ffd5b7f3db2a12a000000000000000000000000000000000000000000000000000000005f5260045ffd5b92939267ffffffffffffffff1690811580156111e5575b610e145767ffffffffffffffff16908181146111d4578515610e14577fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff8101908111610de757907fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff8101908111610de757905b6001808216146111c75780159081156111be5760ff5f5b1691156111b2578396949190915b87955b80831061112c5750505050159384611122575b505082610d5f57505090565b1492505f80611116565b91939092959781156111a557600180881614801561119c575b15611181578291610d9d61116361116f93610d97896001988a610cc0565b9a610d97888689610cc0565b92905b811c92811c9401919290611103565b97611196600191610dc6878688979697610cc0565b96611172565b50818714611145565b5050505050505050505f90565b84359694919091611100565b60ff60016110f2565b60011c9060011c906110db565b5050929050159182610d5f57505090565b5067ffffffffffffffff81168211611068565b60415f9160209360405191600183536001830152602182015260025afa15610141575f5190565b5b600181161580611240575b1561123d5760011c9060011c90611220565b91565b5080151561122b56",
}

// LogAnchor is an auto generated Go binding around an Ethereum contract.
type LogAnchor struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *LogAnchor) GetABI() abi.ABI {
	return c.abi
}

// NewLogAnchor creates a new instance of LogAnchor.
func NewLogAnchor() *LogAnchor {
	parsed, err := LogAnchorMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &LogAnchor{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *LogAnchor) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(address owner) returns()
func (logAnchor *LogAnchor) PackConstructor(owner common.Address) []byte {
	enc, err := logAnchor.abi.Pack("", owner)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackAcceptOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x79ba5097.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function acceptOwnership() returns()
func (logAnchor *LogAnchor) PackAcceptOwnership() []byte {
	enc, err := logAnchor.abi.Pack("acceptOwnership")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackAcceptOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x79ba5097.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function acceptOwnership() returns()
func (logAnchor *LogAnchor) TryPackAcceptOwnership() ([]byte, error) {
	return logAnchor.abi.Pack("acceptOwnership")
}

// PackAnchor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x70c127c6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function anchor(bytes32 origin, uint64 size, bytes32 root) returns()
func (logAnchor *LogAnchor) PackAnchor(origin [32]byte, size uint64, root [32]byte) []byte {
	enc, err := logAnchor.abi.Pack("anchor", origin, size, root)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackAnchor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x70c127c6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function anchor(bytes32 origin, uint64 size, bytes32 root) returns()
func (logAnchor *LogAnchor) TryPackAnchor(origin [32]byte, size uint64, root [32]byte) ([]byte, error) {
	return logAnchor.abi.Pack("anchor", origin, size, root)
}

// PackExtend is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe3dd33f3.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function extend(bytes32 origin, uint64 size, bytes32 root, bytes32 lastRoot, bytes32[] path) returns()
func (logAnchor *LogAnchor) PackExtend(origin [32]byte, size uint64, root [32]byte, lastRoot [32]byte, path [][32]byte) []byte {
	enc, err := logAnchor.abi.Pack("extend", origin, size, root, lastRoot, path)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackExtend is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe3dd33f3.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function extend(bytes32 origin, uint64 size, bytes32 root, bytes32 lastRoot, bytes32[] path) returns()
func (logAnchor *LogAnchor) TryPackExtend(origin [32]byte, size uint64, root [32]byte, lastRoot [32]byte, path [][32]byte) ([]byte, error) {
	return logAnchor.abi.Pack("extend", origin, size, root, lastRoot, path)
}

// PackHead is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf339e3b2.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function head(bytes32 origin) view returns(uint64 size, bytes27 root)
func (logAnchor *LogAnchor) PackHead(origin [32]byte) []byte {
	enc, err := logAnchor.abi.Pack("head", origin)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackHead is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf339e3b2.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function head(bytes32 origin) view returns(uint64 size, bytes27 root)
func (logAnchor *LogAnchor) TryPackHead(origin [32]byte) ([]byte, error) {
	return logAnchor.abi.Pack("head", origin)
}

// HeadOutput serves as a container for the return parameters of contract
// method Head.
type HeadOutput struct {
	Size uint64
	Root [27]byte
}

// UnpackHead is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xf339e3b2.
//
// Solidity: function head(bytes32 origin) view returns(uint64 size, bytes27 root)
func (logAnchor *LogAnchor) UnpackHead(data []byte) (HeadOutput, error) {
	out, err := logAnchor.abi.Unpack("head", data)
	outstruct := new(HeadOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Size = *abi.ConvertType(out[0], new(uint64)).(*uint64)
	outstruct.Root = *abi.ConvertType(out[1], new([27]byte)).(*[27]byte)
	return *outstruct, nil
}

// PackIsHead is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc2d023c4.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function isHead(bytes32 origin, uint64 size, bytes32 root) view returns(bool)
func (logAnchor *LogAnchor) PackIsHead(origin [32]byte, size uint64, root [32]byte) []byte {
	enc, err := logAnchor.abi.Pack("isHead", origin, size, root)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackIsHead is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc2d023c4.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function isHead(bytes32 origin, uint64 size, bytes32 root) view returns(bool)
func (logAnchor *LogAnchor) TryPackIsHead(origin [32]byte, size uint64, root [32]byte) ([]byte, error) {
	return logAnchor.abi.Pack("isHead", origin, size, root)
}

// UnpackIsHead is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xc2d023c4.
//
// Solidity: function isHead(bytes32 origin, uint64 size, bytes32 root) view returns(bool)
func (logAnchor *LogAnchor) UnpackIsHead(data []byte) (bool, error) {
	out, err := logAnchor.abi.Unpack("isHead", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackOwner is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8da5cb5b.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function owner() view returns(address)
func (logAnchor *LogAnchor) PackOwner() []byte {
	enc, err := logAnchor.abi.Pack("owner")
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
func (logAnchor *LogAnchor) TryPackOwner() ([]byte, error) {
	return logAnchor.abi.Pack("owner")
}

// UnpackOwner is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x8da5cb5b.
//
// Solidity: function owner() view returns(address)
func (logAnchor *LogAnchor) UnpackOwner(data []byte) (common.Address, error) {
	out, err := logAnchor.abi.Unpack("owner", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackPendingOwner is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe30c3978.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function pendingOwner() view returns(address)
func (logAnchor *LogAnchor) PackPendingOwner() []byte {
	enc, err := logAnchor.abi.Pack("pendingOwner")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPendingOwner is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe30c3978.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function pendingOwner() view returns(address)
func (logAnchor *LogAnchor) TryPackPendingOwner() ([]byte, error) {
	return logAnchor.abi.Pack("pendingOwner")
}

// UnpackPendingOwner is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xe30c3978.
//
// Solidity: function pendingOwner() view returns(address)
func (logAnchor *LogAnchor) UnpackPendingOwner(data []byte) (common.Address, error) {
	out, err := logAnchor.abi.Unpack("pendingOwner", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackRenounceOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x715018a6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function renounceOwnership() pure returns()
func (logAnchor *LogAnchor) PackRenounceOwnership() []byte {
	enc, err := logAnchor.abi.Pack("renounceOwnership")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRenounceOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x715018a6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function renounceOwnership() pure returns()
func (logAnchor *LogAnchor) TryPackRenounceOwnership() ([]byte, error) {
	return logAnchor.abi.Pack("renounceOwnership")
}

// PackSetStrict is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xae2b48ad.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function setStrict(bytes32 origin) returns()
func (logAnchor *LogAnchor) PackSetStrict(origin [32]byte) []byte {
	enc, err := logAnchor.abi.Pack("setStrict", origin)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSetStrict is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xae2b48ad.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function setStrict(bytes32 origin) returns()
func (logAnchor *LogAnchor) TryPackSetStrict(origin [32]byte) ([]byte, error) {
	return logAnchor.abi.Pack("setStrict", origin)
}

// PackSetSubmitter is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x4006383c.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function setSubmitter(bytes32 origin, address submitter) returns()
func (logAnchor *LogAnchor) PackSetSubmitter(origin [32]byte, submitter common.Address) []byte {
	enc, err := logAnchor.abi.Pack("setSubmitter", origin, submitter)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSetSubmitter is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x4006383c.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function setSubmitter(bytes32 origin, address submitter) returns()
func (logAnchor *LogAnchor) TryPackSetSubmitter(origin [32]byte, submitter common.Address) ([]byte, error) {
	return logAnchor.abi.Pack("setSubmitter", origin, submitter)
}

// PackStrict is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9f478f5c.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function strict(bytes32 origin) view returns(bool)
func (logAnchor *LogAnchor) PackStrict(origin [32]byte) []byte {
	enc, err := logAnchor.abi.Pack("strict", origin)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackStrict is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x9f478f5c.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function strict(bytes32 origin) view returns(bool)
func (logAnchor *LogAnchor) TryPackStrict(origin [32]byte) ([]byte, error) {
	return logAnchor.abi.Pack("strict", origin)
}

// UnpackStrict is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x9f478f5c.
//
// Solidity: function strict(bytes32 origin) view returns(bool)
func (logAnchor *LogAnchor) UnpackStrict(data []byte) (bool, error) {
	out, err := logAnchor.abi.Unpack("strict", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackSubmitterOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x16b0fb9f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function submitterOf(bytes32 origin) view returns(address)
func (logAnchor *LogAnchor) PackSubmitterOf(origin [32]byte) []byte {
	enc, err := logAnchor.abi.Pack("submitterOf", origin)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSubmitterOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x16b0fb9f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function submitterOf(bytes32 origin) view returns(address)
func (logAnchor *LogAnchor) TryPackSubmitterOf(origin [32]byte) ([]byte, error) {
	return logAnchor.abi.Pack("submitterOf", origin)
}

// UnpackSubmitterOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x16b0fb9f.
//
// Solidity: function submitterOf(bytes32 origin) view returns(address)
func (logAnchor *LogAnchor) UnpackSubmitterOf(data []byte) (common.Address, error) {
	out, err := logAnchor.abi.Unpack("submitterOf", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackTransferOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf2fde38b.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function transferOwnership(address newOwner) returns()
func (logAnchor *LogAnchor) PackTransferOwnership(newOwner common.Address) []byte {
	enc, err := logAnchor.abi.Pack("transferOwnership", newOwner)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTransferOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf2fde38b.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function transferOwnership(address newOwner) returns()
func (logAnchor *LogAnchor) TryPackTransferOwnership(newOwner common.Address) ([]byte, error) {
	return logAnchor.abi.Pack("transferOwnership", newOwner)
}

// PackVerifyConsistency is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd1d63a24.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function verifyConsistency(uint64 first, uint64 second, bytes32 firstRoot, bytes32 secondRoot, bytes32[] path) view returns(bool)
func (logAnchor *LogAnchor) PackVerifyConsistency(first uint64, second uint64, firstRoot [32]byte, secondRoot [32]byte, path [][32]byte) []byte {
	enc, err := logAnchor.abi.Pack("verifyConsistency", first, second, firstRoot, secondRoot, path)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackVerifyConsistency is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xd1d63a24.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function verifyConsistency(uint64 first, uint64 second, bytes32 firstRoot, bytes32 secondRoot, bytes32[] path) view returns(bool)
func (logAnchor *LogAnchor) TryPackVerifyConsistency(first uint64, second uint64, firstRoot [32]byte, secondRoot [32]byte, path [][32]byte) ([]byte, error) {
	return logAnchor.abi.Pack("verifyConsistency", first, second, firstRoot, secondRoot, path)
}

// UnpackVerifyConsistency is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xd1d63a24.
//
// Solidity: function verifyConsistency(uint64 first, uint64 second, bytes32 firstRoot, bytes32 secondRoot, bytes32[] path) view returns(bool)
func (logAnchor *LogAnchor) UnpackVerifyConsistency(data []byte) (bool, error) {
	out, err := logAnchor.abi.Unpack("verifyConsistency", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackVerifyInclusion is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3db5ada7.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function verifyInclusion(bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] path) view returns(bool)
func (logAnchor *LogAnchor) PackVerifyInclusion(leaf [32]byte, index uint64, size uint64, root [32]byte, path [][32]byte) []byte {
	enc, err := logAnchor.abi.Pack("verifyInclusion", leaf, index, size, root, path)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackVerifyInclusion is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3db5ada7.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function verifyInclusion(bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] path) view returns(bool)
func (logAnchor *LogAnchor) TryPackVerifyInclusion(leaf [32]byte, index uint64, size uint64, root [32]byte, path [][32]byte) ([]byte, error) {
	return logAnchor.abi.Pack("verifyInclusion", leaf, index, size, root, path)
}

// UnpackVerifyInclusion is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x3db5ada7.
//
// Solidity: function verifyInclusion(bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] path) view returns(bool)
func (logAnchor *LogAnchor) UnpackVerifyInclusion(data []byte) (bool, error) {
	out, err := logAnchor.abi.Unpack("verifyInclusion", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackVerifyLogged is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf1a2ccba.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function verifyLogged(bytes32 origin, bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] path) view returns(bool)
func (logAnchor *LogAnchor) PackVerifyLogged(origin [32]byte, leaf [32]byte, index uint64, size uint64, root [32]byte, path [][32]byte) []byte {
	enc, err := logAnchor.abi.Pack("verifyLogged", origin, leaf, index, size, root, path)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackVerifyLogged is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf1a2ccba.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function verifyLogged(bytes32 origin, bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] path) view returns(bool)
func (logAnchor *LogAnchor) TryPackVerifyLogged(origin [32]byte, leaf [32]byte, index uint64, size uint64, root [32]byte, path [][32]byte) ([]byte, error) {
	return logAnchor.abi.Pack("verifyLogged", origin, leaf, index, size, root, path)
}

// UnpackVerifyLogged is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xf1a2ccba.
//
// Solidity: function verifyLogged(bytes32 origin, bytes32 leaf, uint64 index, uint64 size, bytes32 root, bytes32[] path) view returns(bool)
func (logAnchor *LogAnchor) UnpackVerifyLogged(data []byte) (bool, error) {
	out, err := logAnchor.abi.Unpack("verifyLogged", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// LogAnchorAnchored represents a Anchored event raised by the LogAnchor contract.
type LogAnchorAnchored struct {
	Origin [32]byte
	Size   uint64
	Root   [32]byte
	Raw    *types.Log // Blockchain specific contextual infos
}

const LogAnchorAnchoredEventName = "Anchored"

// ContractEventName returns the user-defined event name.
func (LogAnchorAnchored) ContractEventName() string {
	return LogAnchorAnchoredEventName
}

// UnpackAnchoredEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Anchored(bytes32 indexed origin, uint64 indexed size, bytes32 root)
func (logAnchor *LogAnchor) UnpackAnchoredEvent(log *types.Log) (*LogAnchorAnchored, error) {
	event := "Anchored"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != logAnchor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(LogAnchorAnchored)
	if len(log.Data) > 0 {
		if err := logAnchor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range logAnchor.abi.Events[event].Inputs {
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

// LogAnchorOwnershipTransferStarted represents a OwnershipTransferStarted event raised by the LogAnchor contract.
type LogAnchorOwnershipTransferStarted struct {
	PreviousOwner common.Address
	NewOwner      common.Address
	Raw           *types.Log // Blockchain specific contextual infos
}

const LogAnchorOwnershipTransferStartedEventName = "OwnershipTransferStarted"

// ContractEventName returns the user-defined event name.
func (LogAnchorOwnershipTransferStarted) ContractEventName() string {
	return LogAnchorOwnershipTransferStartedEventName
}

// UnpackOwnershipTransferStartedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner)
func (logAnchor *LogAnchor) UnpackOwnershipTransferStartedEvent(log *types.Log) (*LogAnchorOwnershipTransferStarted, error) {
	event := "OwnershipTransferStarted"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != logAnchor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(LogAnchorOwnershipTransferStarted)
	if len(log.Data) > 0 {
		if err := logAnchor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range logAnchor.abi.Events[event].Inputs {
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

// LogAnchorOwnershipTransferred represents a OwnershipTransferred event raised by the LogAnchor contract.
type LogAnchorOwnershipTransferred struct {
	PreviousOwner common.Address
	NewOwner      common.Address
	Raw           *types.Log // Blockchain specific contextual infos
}

const LogAnchorOwnershipTransferredEventName = "OwnershipTransferred"

// ContractEventName returns the user-defined event name.
func (LogAnchorOwnershipTransferred) ContractEventName() string {
	return LogAnchorOwnershipTransferredEventName
}

// UnpackOwnershipTransferredEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event OwnershipTransferred(address indexed previousOwner, address indexed newOwner)
func (logAnchor *LogAnchor) UnpackOwnershipTransferredEvent(log *types.Log) (*LogAnchorOwnershipTransferred, error) {
	event := "OwnershipTransferred"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != logAnchor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(LogAnchorOwnershipTransferred)
	if len(log.Data) > 0 {
		if err := logAnchor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range logAnchor.abi.Events[event].Inputs {
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

// LogAnchorStrictSet represents a StrictSet event raised by the LogAnchor contract.
type LogAnchorStrictSet struct {
	Origin [32]byte
	Raw    *types.Log // Blockchain specific contextual infos
}

const LogAnchorStrictSetEventName = "StrictSet"

// ContractEventName returns the user-defined event name.
func (LogAnchorStrictSet) ContractEventName() string {
	return LogAnchorStrictSetEventName
}

// UnpackStrictSetEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event StrictSet(bytes32 indexed origin)
func (logAnchor *LogAnchor) UnpackStrictSetEvent(log *types.Log) (*LogAnchorStrictSet, error) {
	event := "StrictSet"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != logAnchor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(LogAnchorStrictSet)
	if len(log.Data) > 0 {
		if err := logAnchor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range logAnchor.abi.Events[event].Inputs {
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

// LogAnchorSubmitterSet represents a SubmitterSet event raised by the LogAnchor contract.
type LogAnchorSubmitterSet struct {
	Origin    [32]byte
	Submitter common.Address
	Raw       *types.Log // Blockchain specific contextual infos
}

const LogAnchorSubmitterSetEventName = "SubmitterSet"

// ContractEventName returns the user-defined event name.
func (LogAnchorSubmitterSet) ContractEventName() string {
	return LogAnchorSubmitterSetEventName
}

// UnpackSubmitterSetEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event SubmitterSet(bytes32 indexed origin, address indexed submitter)
func (logAnchor *LogAnchor) UnpackSubmitterSetEvent(log *types.Log) (*LogAnchorSubmitterSet, error) {
	event := "SubmitterSet"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != logAnchor.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(LogAnchorSubmitterSet)
	if len(log.Data) > 0 {
		if err := logAnchor.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range logAnchor.abi.Events[event].Inputs {
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
func (logAnchor *LogAnchor) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], logAnchor.abi.Errors["AlreadyAnchored"].ID.Bytes()[:4]) {
		return logAnchor.UnpackAlreadyAnchoredError(raw[4:])
	}
	if bytes.Equal(raw[:4], logAnchor.abi.Errors["Empty"].ID.Bytes()[:4]) {
		return logAnchor.UnpackEmptyError(raw[4:])
	}
	if bytes.Equal(raw[:4], logAnchor.abi.Errors["Fork"].ID.Bytes()[:4]) {
		return logAnchor.UnpackForkError(raw[4:])
	}
	if bytes.Equal(raw[:4], logAnchor.abi.Errors["NeedsProof"].ID.Bytes()[:4]) {
		return logAnchor.UnpackNeedsProofError(raw[4:])
	}
	if bytes.Equal(raw[:4], logAnchor.abi.Errors["NotProven"].ID.Bytes()[:4]) {
		return logAnchor.UnpackNotProvenError(raw[4:])
	}
	if bytes.Equal(raw[:4], logAnchor.abi.Errors["NotSubmitter"].ID.Bytes()[:4]) {
		return logAnchor.UnpackNotSubmitterError(raw[4:])
	}
	if bytes.Equal(raw[:4], logAnchor.abi.Errors["OwnableInvalidOwner"].ID.Bytes()[:4]) {
		return logAnchor.UnpackOwnableInvalidOwnerError(raw[4:])
	}
	if bytes.Equal(raw[:4], logAnchor.abi.Errors["OwnableUnauthorizedAccount"].ID.Bytes()[:4]) {
		return logAnchor.UnpackOwnableUnauthorizedAccountError(raw[4:])
	}
	if bytes.Equal(raw[:4], logAnchor.abi.Errors["OwnerCannotVanish"].ID.Bytes()[:4]) {
		return logAnchor.UnpackOwnerCannotVanishError(raw[4:])
	}
	if bytes.Equal(raw[:4], logAnchor.abi.Errors["Smaller"].ID.Bytes()[:4]) {
		return logAnchor.UnpackSmallerError(raw[4:])
	}
	if bytes.Equal(raw[:4], logAnchor.abi.Errors["TooLarge"].ID.Bytes()[:4]) {
		return logAnchor.UnpackTooLargeError(raw[4:])
	}
	if bytes.Equal(raw[:4], logAnchor.abi.Errors["TooLate"].ID.Bytes()[:4]) {
		return logAnchor.UnpackTooLateError(raw[4:])
	}
	return nil, errors.New("Unknown error")
}

// LogAnchorAlreadyAnchored represents a AlreadyAnchored error raised by the LogAnchor contract.
type LogAnchorAlreadyAnchored struct {
	Origin [32]byte
	Size   uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AlreadyAnchored(bytes32 origin, uint64 size)
func LogAnchorAlreadyAnchoredErrorID() common.Hash {
	return common.HexToHash("0x7332e7a7e9907fe11f7753d9c80edf26f95b52ef3f583a8231ec680bddb394f0")
}

// UnpackAlreadyAnchoredError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AlreadyAnchored(bytes32 origin, uint64 size)
func (logAnchor *LogAnchor) UnpackAlreadyAnchoredError(raw []byte) (*LogAnchorAlreadyAnchored, error) {
	out := new(LogAnchorAlreadyAnchored)
	if err := logAnchor.abi.UnpackIntoInterface(out, "AlreadyAnchored", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// LogAnchorEmpty represents a Empty error raised by the LogAnchor contract.
type LogAnchorEmpty struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error Empty()
func LogAnchorEmptyErrorID() common.Hash {
	return common.HexToHash("0x3db2a12a1fcfb6e2e0de8666c64b3244166edb7b25b200204a8d0cca9b65cf37")
}

// UnpackEmptyError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error Empty()
func (logAnchor *LogAnchor) UnpackEmptyError(raw []byte) (*LogAnchorEmpty, error) {
	out := new(LogAnchorEmpty)
	if err := logAnchor.abi.UnpackIntoInterface(out, "Empty", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// LogAnchorFork represents a Fork error raised by the LogAnchor contract.
type LogAnchorFork struct {
	Origin [32]byte
	Size   uint64
	Have   [27]byte
	Got    [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error Fork(bytes32 origin, uint64 size, bytes27 have, bytes32 got)
func LogAnchorForkErrorID() common.Hash {
	return common.HexToHash("0xc8f4da1029677e0010c5e278b677ba8eb5a97c03280650c8008f702c7885ac88")
}

// UnpackForkError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error Fork(bytes32 origin, uint64 size, bytes27 have, bytes32 got)
func (logAnchor *LogAnchor) UnpackForkError(raw []byte) (*LogAnchorFork, error) {
	out := new(LogAnchorFork)
	if err := logAnchor.abi.UnpackIntoInterface(out, "Fork", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// LogAnchorNeedsProof represents a NeedsProof error raised by the LogAnchor contract.
type LogAnchorNeedsProof struct {
	Origin [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NeedsProof(bytes32 origin)
func LogAnchorNeedsProofErrorID() common.Hash {
	return common.HexToHash("0x88ed56c898834da91fc6172220e87474eb16884fce21b0864b78d399cf49ae59")
}

// UnpackNeedsProofError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NeedsProof(bytes32 origin)
func (logAnchor *LogAnchor) UnpackNeedsProofError(raw []byte) (*LogAnchorNeedsProof, error) {
	out := new(LogAnchorNeedsProof)
	if err := logAnchor.abi.UnpackIntoInterface(out, "NeedsProof", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// LogAnchorNotProven represents a NotProven error raised by the LogAnchor contract.
type LogAnchorNotProven struct {
	Origin [32]byte
	Have   uint64
	Got    uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotProven(bytes32 origin, uint64 have, uint64 got)
func LogAnchorNotProvenErrorID() common.Hash {
	return common.HexToHash("0x6c9aef1ef3a7ebc07bccaeb214ffeb4d910ed010ac26530efea2431a22a916c4")
}

// UnpackNotProvenError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotProven(bytes32 origin, uint64 have, uint64 got)
func (logAnchor *LogAnchor) UnpackNotProvenError(raw []byte) (*LogAnchorNotProven, error) {
	out := new(LogAnchorNotProven)
	if err := logAnchor.abi.UnpackIntoInterface(out, "NotProven", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// LogAnchorNotSubmitter represents a NotSubmitter error raised by the LogAnchor contract.
type LogAnchorNotSubmitter struct {
	Origin [32]byte
	Caller common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotSubmitter(bytes32 origin, address caller)
func LogAnchorNotSubmitterErrorID() common.Hash {
	return common.HexToHash("0xd4bae604ba29943732a92ed5619757033da146d65b3d97f62235dde9c30398ae")
}

// UnpackNotSubmitterError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotSubmitter(bytes32 origin, address caller)
func (logAnchor *LogAnchor) UnpackNotSubmitterError(raw []byte) (*LogAnchorNotSubmitter, error) {
	out := new(LogAnchorNotSubmitter)
	if err := logAnchor.abi.UnpackIntoInterface(out, "NotSubmitter", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// LogAnchorOwnableInvalidOwner represents a OwnableInvalidOwner error raised by the LogAnchor contract.
type LogAnchorOwnableInvalidOwner struct {
	Owner common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error OwnableInvalidOwner(address owner)
func LogAnchorOwnableInvalidOwnerErrorID() common.Hash {
	return common.HexToHash("0x1e4fbdf7f3ef8bcaa855599e3abf48b232380f183f08f6f813d9ffa5bd585188")
}

// UnpackOwnableInvalidOwnerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error OwnableInvalidOwner(address owner)
func (logAnchor *LogAnchor) UnpackOwnableInvalidOwnerError(raw []byte) (*LogAnchorOwnableInvalidOwner, error) {
	out := new(LogAnchorOwnableInvalidOwner)
	if err := logAnchor.abi.UnpackIntoInterface(out, "OwnableInvalidOwner", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// LogAnchorOwnableUnauthorizedAccount represents a OwnableUnauthorizedAccount error raised by the LogAnchor contract.
type LogAnchorOwnableUnauthorizedAccount struct {
	Account common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error OwnableUnauthorizedAccount(address account)
func LogAnchorOwnableUnauthorizedAccountErrorID() common.Hash {
	return common.HexToHash("0x118cdaa7a341953d1887a2245fd6665d741c67c8c50581daa59e1d03373fa188")
}

// UnpackOwnableUnauthorizedAccountError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error OwnableUnauthorizedAccount(address account)
func (logAnchor *LogAnchor) UnpackOwnableUnauthorizedAccountError(raw []byte) (*LogAnchorOwnableUnauthorizedAccount, error) {
	out := new(LogAnchorOwnableUnauthorizedAccount)
	if err := logAnchor.abi.UnpackIntoInterface(out, "OwnableUnauthorizedAccount", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// LogAnchorOwnerCannotVanish represents a OwnerCannotVanish error raised by the LogAnchor contract.
type LogAnchorOwnerCannotVanish struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error OwnerCannotVanish()
func LogAnchorOwnerCannotVanishErrorID() common.Hash {
	return common.HexToHash("0x75a4bbda95afe7f5bcc43b3a5276a55d7c2cbe7dcacb34dbf4eba23ff8c5806d")
}

// UnpackOwnerCannotVanishError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error OwnerCannotVanish()
func (logAnchor *LogAnchor) UnpackOwnerCannotVanishError(raw []byte) (*LogAnchorOwnerCannotVanish, error) {
	out := new(LogAnchorOwnerCannotVanish)
	if err := logAnchor.abi.UnpackIntoInterface(out, "OwnerCannotVanish", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// LogAnchorSmaller represents a Smaller error raised by the LogAnchor contract.
type LogAnchorSmaller struct {
	Origin [32]byte
	Have   uint64
	Got    uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error Smaller(bytes32 origin, uint64 have, uint64 got)
func LogAnchorSmallerErrorID() common.Hash {
	return common.HexToHash("0x69bde5f78af85b85de8f63b349d4dcf7214426ac54607b907ece785b1cce647b")
}

// UnpackSmallerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error Smaller(bytes32 origin, uint64 have, uint64 got)
func (logAnchor *LogAnchor) UnpackSmallerError(raw []byte) (*LogAnchorSmaller, error) {
	out := new(LogAnchorSmaller)
	if err := logAnchor.abi.UnpackIntoInterface(out, "Smaller", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// LogAnchorTooLarge represents a TooLarge error raised by the LogAnchor contract.
type LogAnchorTooLarge struct {
	Size uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error TooLarge(uint64 size)
func LogAnchorTooLargeErrorID() common.Hash {
	return common.HexToHash("0x637aafffe9129419fa22cf9da34a7ef723a43e7e94ae78959ae9da34874141e1")
}

// UnpackTooLargeError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error TooLarge(uint64 size)
func (logAnchor *LogAnchor) UnpackTooLargeError(raw []byte) (*LogAnchorTooLarge, error) {
	out := new(LogAnchorTooLarge)
	if err := logAnchor.abi.UnpackIntoInterface(out, "TooLarge", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// LogAnchorTooLate represents a TooLate error raised by the LogAnchor contract.
type LogAnchorTooLate struct {
	Origin [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error TooLate(bytes32 origin)
func LogAnchorTooLateErrorID() common.Hash {
	return common.HexToHash("0x9ec749bd2e41fbe9f4204946fcf96815bdb4ed896afde50647ac5f1461a4621e")
}

// UnpackTooLateError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error TooLate(bytes32 origin)
func (logAnchor *LogAnchor) UnpackTooLateError(raw []byte) (*LogAnchorTooLate, error) {
	out := new(LogAnchorTooLate)
	if err := logAnchor.abi.UnpackIntoInterface(out, "TooLate", raw); err != nil {
		return nil, err
	}
	return out, nil
}
