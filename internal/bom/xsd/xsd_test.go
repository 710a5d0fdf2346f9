// SPDX-License-Identifier: Apache-2.0

package xsd_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gateledger/gateledger/internal/bom/xsd"
)

// order is a schema with everything that this package knows.
const order = `<?xml version="1.0"?>
<!-- a schema of nobody's -->
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:o="urn:order" targetNamespace="urn:order" elementFormDefault="qualified" version="1">
  <xs:import namespace="urn:colour"/>
  <xs:annotation><xs:documentation>Text for <b>people</b>.</xs:documentation></xs:annotation>
  <xs:element name="order">
    <xs:complexType>
      <xs:sequence minOccurs="0" maxOccurs="1">
        <xs:element name="id" type="xs:token" minOccurs="0"/>
        <xs:choice minOccurs="0" maxOccurs="unbounded">
          <xs:element name="item" type="o:item"/>
          <xs:element name="gift" type="o:item"/>
        </xs:choice>
        <xs:element name="twice" type="xs:boolean" minOccurs="2" maxOccurs="3" />
        <xs:element name="note" type="o:note" minOccurs="0"/>
        <xs:element name="loose" minOccurs="0"/>
        <xs:element name="size" type="o:size" minOccurs="0" default="10"/>
        <xs:any namespace="##other" processContents="lax" minOccurs="0" maxOccurs="2"/>
      </xs:sequence>
      <xs:attribute name="ref" type="o:ref"/>
      <xs:anyAttribute namespace="##other" processContents="lax"/>
    </xs:complexType>
    <xs:unique name="refs"><xs:selector xpath=".//*"/><xs:field xpath="@ref"/></xs:unique>
  </xs:element>
  <xs:element name="aside" type="xs:integer"/>
  <xs:complexType name="item">
    <xs:sequence>
      <xs:element name="name" type="xs:normalizedString"/>
      <xs:element name="price" type="o:price" minOccurs="0"/>
      <xs:element name="item" type="o:item" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
    <xs:attributeGroup ref="o:marks"/>
    <xs:attribute name="kind" use="required"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="big"/><xs:enumeration value="small"/></xs:restriction></xs:simpleType></xs:attribute>
  </xs:complexType>
  <xs:attributeGroup name="marks">
    <xs:attribute name="ref" type="o:ref" use="optional"/>
    <xs:attribute name="at" type="o:time"/>
  </xs:attributeGroup>
  <xs:complexType name="price">
    <xs:simpleContent><xs:extension base="o:amount"><xs:attribute name="currency" type="o:currency" default="EUR"/></xs:extension></xs:simpleContent>
  </xs:complexType>
  <xs:complexType name="note" mixed="true">
    <xs:sequence><xs:any namespace="##any" processContents="lax" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
  </xs:complexType>
  <xs:simpleType name="ref"><xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="5"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="amount"><xs:restriction base="xs:decimal"><xs:minInclusive value="0"/><xs:maxInclusive value="99.5"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="currency"><xs:restriction base="xs:token"><xs:pattern value="[A-Z]{3}"/><xs:pattern value="$"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="time"><xs:union memberTypes="xs:date xs:dateTime"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="never"/></xs:restriction></xs:simpleType></xs:union></xs:simpleType>
  <xs:simpleType name="size" final="restriction"><xs:restriction base="xs:positiveInteger"/></xs:simpleType>
</xs:schema>`

// colour is a schema that stands beside it.
const colour = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:colour" elementFormDefault="qualified">
  <xs:element name="colour"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="red"/></xs:restriction></xs:simpleType></xs:element>
</xs:schema>`

func compiled(t testing.TB) *xsd.Schema {
	t.Helper()
	s, err := xsd.Compile([]byte(order), []byte(colour))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// inOrder is a document that holds something, and what must stand in it.
func inOrder(something string) string {
	return `<order xmlns="urn:order">` + something + `</order>`
}

const twice = `<twice>1</twice><twice>false</twice>`

func TestValid(t *testing.T) {
	s := compiled(t)
	for fact, text := range map[string]string{
		"nothing in it":               inOrder(""),
		"closed at once":              `<order xmlns="urn:order"/>`,
		"a declaration, comments":     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- a -->" + inOrder("<!-- b -->") + "<!-- c -->\n<?d?>",
		"the least":                   inOrder(twice),
		"three are twice and a bit":   inOrder(twice + `<twice>true</twice>`),
		"a prefix":                    `<o:order xmlns:o="urn:order"><o:id>a</o:id><o:twice>0</o:twice><o:twice>0</o:twice></o:order>`,
		"items and gifts":             inOrder(`<item kind="big"><name>a</name></item><gift kind="small"><name/></gift><item kind="big"><name>a</name></item>` + twice),
		"an item in an item":          inOrder(`<item kind="big"><name>a</name><item kind="big"><name>b</name><price>1</price></item></item>` + twice),
		"a price":                     inOrder(`<item kind="big"><name>a</name><price currency="USD"> 99.50 </price></item>` + twice),
		"a sign":                      inOrder(`<item kind="big"><name>a</name><price currency="$">-0</price></item>` + twice),
		"a day":                       inOrder(`<item kind="big" at="2026-03-02"><name>a</name></item>` + twice),
		"a moment":                    inOrder(`<item kind="big" at=" 2026-03-02T09:00:00Z "><name>a</name></item>` + twice),
		"never":                       inOrder(`<item kind="big" at="never"><name>a</name></item>` + twice),
		"mixed text":                  inOrder(twice + `<note>a <b xmlns="urn:other">b</b> c</note>`),
		"anything":                    inOrder(twice + `<loose a="b"><c/>d<e xmlns="">f</e></loose>`),
		"a default":                   inOrder(twice + `<size/>`),
		"elements of others":          inOrder(twice + `<x xmlns="urn:x" y="z"><y/>text</x><c:colour xmlns:c="urn:colour">red</c:colour>`),
		"attributes of others":        `<order xmlns="urn:order" xmlns:x="urn:x" x:a="b" ref="a"/>`,
		"where the schema lies":       `<order xmlns="urn:order" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:order order.xsd"/>`,
		"references of different":     inOrder(`<item kind="big" ref="a"><name>a</name></item><item kind="big" ref="b"><name>a</name></item>` + twice),
		"the whole is no part":        `<order xmlns="urn:order" ref="a"><item kind="big" ref="a"><name>a</name></item>` + twice + `</order>`,
		"a character data section":    inOrder(`<id><![CDATA[a<b]]></id>` + twice),
		"an escape":                   inOrder(`<id>&lt;&#65;&amp;</id>` + twice),
		"the prefix of XML itself":    inOrder(twice + `<note xmlns:xml="http://www.w3.org/XML/1998/namespace"/>`),
		"another of its elements":     `<aside xmlns="urn:order"> -7 </aside>`,
		"a namespace that is undone":  inOrder(twice + `<loose><a xmlns=""><b/></a></loose>`),
		"characters are not bytes":    inOrder(`<item kind="big" ref="äöüßé"><name>a</name></item>` + twice),
		"the declaration's own space": "<?xml  version = '1.0' ?>" + inOrder(""),
	} {
		if problems, err := s.Validate([]byte(text), 10); err != nil || len(problems) > 0 {
			t.Errorf("%s: %v, %v", fact, problems, err)
		}
	}
}

func TestInvalid(t *testing.T) {
	s := compiled(t)
	for fact, f := range map[string]struct{ text, want string }{
		"another element":          {`<note xmlns="urn:order"/>`, "line 1: : no document begins with {urn:order}note"},
		"no namespace":             {`<order/>`, "no document begins with order"},
		"one is not twice":         {inOrder(`<twice>1</twice>`), "/order: something is missing in <order>; it could be twice"},
		"four are more than three": {inOrder(twice + twice), "<twice> may not stand here; it could be loose, note, size"},
		"the wrong order":          {inOrder(twice + `<id>a</id>`), "<id> may not stand here"},
		"two of one":               {inOrder(`<id>a</id><id>a</id>` + twice), "<id> may not stand here; it could be gift, item, twice"},
		"an unknown element":       {inOrder(twice + `<x/>`), "<x> may not stand here"},
		"no space of its own":      {inOrder(twice + `<x xmlns=""/>`), "<x> may not stand here"},
		"three of others":          {inOrder(twice + strings.Repeat(`<x xmlns="urn:x"/>`, 3)), "<{urn:x}x> may not stand here"},
		"a known one of another":   {inOrder(twice + `<colour xmlns="urn:colour">blue</colour>`), `/order/colour: "blue" is none of the 1 values`},
		"a known one further in":   {inOrder(twice + `<x xmlns="urn:x"><colour xmlns="urn:colour">blue</colour></x>`), `/order/x/colour: "blue"`},
		"a known one in anything":  {inOrder(twice + `<loose><aside>a</aside></loose>`), `/order/loose/aside: "a" is not written`},
		"text between":             {inOrder(`a` + twice), "/order: text where only elements may stand"},
		"an element in a text":     {inOrder(`<id><b/></id>` + twice), "/order/id: <b> in a text"},
		"no name":                  {inOrder(`<item kind="big"/>` + twice), "/order/item: something is missing in <item>; it could be name"},
		"no kind":                  {inOrder(`<item><name>a</name></item>` + twice), "the attribute kind is missing"},
		"an unknown kind":          {inOrder(`<item kind="huge"><name>a</name></item>` + twice), `attribute kind: "huge" is none of the 2 values`},
		"an unknown attribute":     {`<order xmlns="urn:order" x="y"/>`, "the attribute x may not stand here"},
		"an attribute of ours":     {`<order xmlns="urn:order" xmlns:o="urn:order" o:ref="y"/>`, "the attribute {urn:order}ref may not stand here"},
		"of a text":                {inOrder(`<id a="b">a</id>` + twice), "the attribute a may not stand here"},
		"below the least":          {inOrder(`<item kind="big"><name>a</name><price>-0.01</price></item>` + twice), `"-0.01" is less than 0`},
		"above the most":           {inOrder(`<item kind="big"><name>a</name><price>99.501</price></item>` + twice), `"99.501" is more than 99.5`},
		"no number":                {inOrder(`<item kind="big"><name>a</name><price>1e3</price></item>` + twice), `"1e3" is not written as it must be`},
		"no price":                 {inOrder(`<item kind="big"><name>a</name><price/></item>` + twice), `"" is not written as it must be`},
		"part of a pattern":        {inOrder(`<item kind="big"><name>a</name><price currency="USDX">1</price></item>` + twice), `"USDX" does not have the form`},
		"of no member":             {inOrder(`<item kind="big" at="soon"><name>a</name></item>` + twice), `"soon" is of none of the types`},
		"an empty reference":       {`<order xmlns="urn:order" ref=""/>`, `"" is shorter than 1 characters`},
		"a long reference":         {`<order xmlns="urn:order" ref="äöüßéa"/>`, "is longer than 5 characters"},
		"a reference twice":        {inOrder("<item kind=\"big\" ref=\"a\"><name>a</name>\n<item kind=\"big\" ref=\"a\"><name>a</name></item></item>" + twice), `line 2: /order/item/item: ref "a" stands in line 1 too`},
		"zero is not positive":     {inOrder(twice + `<size>0</size>`), `"0" is not written`},
		"a default with something": {inOrder(twice + `<size><b/></size>`), "<b> in a text"},
		"a type of its own":        {inOrder(twice + `<loose xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="x"/>`), "xsi:type is not read"},
		"nothing at all":           {inOrder(`<id xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>` + twice), "xsi:nil is not read"},
	} {
		problems, err := s.Validate([]byte(f.text), 10)
		if err != nil || len(problems) == 0 || !strings.Contains(problems[0].String(), f.want) {
			t.Errorf("%s: %v, %v, want %q", fact, problems, err, f.want)
		}
	}
}

// TestFaultsAreToldOnce: what stands in something that is wrong is not told
// too, and no more than asked for is told.
func TestFaultsAreToldOnce(t *testing.T) {
	s := compiled(t)
	text := inOrder(`<x><y a="b">z</y></x>` + twice + `<size>0</size>`)
	problems, err := s.Validate([]byte(text), 10)
	if err != nil || len(problems) != 2 {
		t.Errorf("%v, %v", problems, err)
	}
	if problems, err := s.Validate([]byte(text), 1); err != nil || len(problems) != 1 {
		t.Errorf("%v, %v", problems, err)
	}
}

func TestNoXML(t *testing.T) {
	s := compiled(t)
	for fact, f := range map[string]struct{ text, want string }{
		"nothing":                    {"", "no element"},
		"text":                       {"order", "text outside"},
		"cut off":                    {`<order xmlns="urn:order"><id>`, "ends within <id>"},
		"cut off in a tag":           {`<order xmlns="urn:order"`, "unexpected EOF"},
		"two of them":                {inOrder("") + inOrder(""), "a second element"},
		"text behind":                {inOrder("") + "a", "text outside"},
		"ended by another":           {`<order xmlns="urn:order"></id>`, "</id> ends <order>"},
		"ended by another's prefix":  {`<a:b xmlns:a="x" xmlns:c="x"></c:b>`, "</b> ends <b>"},
		"ended twice":                {inOrder("") + `</order>`, "</order> ends what has not begun"},
		"an attribute twice":         {`<order xmlns="urn:order" ref="a" ref="b"/>`, "line 1: the attribute ref stands twice"},
		"twice by two prefixes":      {`<order xmlns="urn:order" xmlns:a="x" xmlns:b="x" a:c="" b:c=""/>`, "the attribute c stands twice"},
		"a namespace twice":          {`<order xmlns="urn:order" xmlns="urn:order"/>`, "stands twice"},
		"a prefix of nothing":        {`<a:order/>`, `the prefix "a" stands for no namespace`},
		"an attribute's too":         {inOrder("")[:24] + ` a:b="c"/>`, `the prefix "a" stands for no namespace`},
		"out of its scope":           {`<order xmlns="urn:order"><loose xmlns:a="b"/><a:b/></order>`, `the prefix "a"`},
		"a prefix that is undone":    {`<order xmlns="urn:order" xmlns:a=""/>`, `"a" may not stand for ""`},
		"the prefix of prefixes":     {`<order xmlns="urn:order" xmlns:xmlns="a"/>`, `"xmlns" may not`},
		"a false xml":                {`<order xmlns="urn:order" xmlns:xml="a"/>`, `"xml" may not`},
		"a false name for xml":       {`<order xmlns="urn:order" xmlns:a="http://www.w3.org/XML/1998/namespace"/>`, `"a" may not`},
		"a document type":            {`<!DOCTYPE order>` + inOrder(""), "a document type"},
		"an entity":                  {inOrder("&a;"), "entity"},
		"a declaration that is late": {"\n<?xml version=\"1.0\"?>" + inOrder(""), "does not stand first"},
		"a declaration of nothing":   {`<?xml encoding="UTF-8"?>` + inOrder(""), "another version"},
		"another version":            {`<?xml version="1.1"?>` + inOrder(""), "unsupported version"},
		"another encoding":           {`<?xml version="1.0" encoding="latin1"?>` + inOrder(""), "encoding"},
		"no UTF-8":                   {inOrder("\xff"), "UTF-8"},
		"a character that is none":   {inOrder("\x00"), "character"},
		"many attributes":            {`<order xmlns="urn:order"` + numbered(" a%d=\"\"", xsd.MaxAttributes) + `/>`, "the limit of 1000 attributes"},
		"many namespaces":            {`<order xmlns="urn:order"` + numbered(" xmlns:a%d=\"x\"", xsd.MaxPrefixes-1) + `><loose xmlns:b="x"/></order>`, "the limit of 1000 namespaces"},
		"deep":                       {strings.Repeat("<a>", xsd.MaxDepth+1), "the limit of 128 elements"},
	} {
		problems, err := s.Validate([]byte(f.text), 10)
		if !errors.Is(err, xsd.ErrXML) || !strings.Contains(err.Error(), f.want) {
			t.Errorf("%s: %v, %v, want %q", fact, problems, err, f.want)
		}
	}
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestSchemasThatAreNotUnderstood: what a schema asks for and this package does
// not know is an error, not passed over.
func TestSchemasThatAreNotUnderstood(t *testing.T) {
	for fact, f := range map[string]struct{ old, new, want string }{
		"not a schema":           {`<?xml version="1.0"?>`, `<?xml version="1.0"?><x/>`, "a second element"},
		"no namespace":           {` targetNamespace="urn:order"`, ``, "no schema of a namespace"},
		"local elements":         {` elementFormDefault="qualified"`, ``, "without a namespace"},
		"text in it":             {`<xs:sequence><xs:any`, `<xs:sequence>a<xs:any`, "text where a schema has none"},
		"an include":             {`<xs:import namespace="urn:colour"/>`, `<xs:include schemaLocation="a"/>`, "<include>: not understood"},
		"a group":                {`<xs:choice minOccurs="0" maxOccurs="unbounded">`, `<xs:group ref="o:g"/><xs:choice>`, "<group>: not understood"},
		"all in any order":       {`<xs:sequence><xs:any`, `<xs:all/><xs:sequence><xs:any`, "<all>: not understood"},
		"a reference":            {`<xs:element name="loose" minOccurs="0"/>`, `<xs:element ref="o:aside"/>`, "<element ref>: an attribute that is not understood"},
		"nothing allowed":        {`name="loose"`, `name="loose" nillable="true"`, "<element nillable>"},
		"fixed":                  {`name="loose"`, `name="loose" fixed="a"`, "<element fixed>"},
		"without a name":         {`<xs:element name="loose"`, `<xs:element`, "<element>: not understood"},
		"an unknown type":        {`type="o:note"`, `type="o:nota"`, "no type {urn:order}nota"},
		"an unknown prefix":      {`type="o:note"`, `type="p:note"`, `"p:note" names nothing`},
		"an unknown built-in":    {`type="xs:integer"`, `type="xs:duration"`, "no type {http://www.w3.org/2001/XMLSchema}duration"},
		"a complex attribute":    {`type="o:time"`, `type="o:note"`, "is no simple type"},
		"an attribute of no use": {`use="optional"`, `use="prohibited"`, "<attribute>: not understood"},
		"an unknown group":       {`ref="o:marks"`, `ref="o:remarks"`, "no group of attributes"},
		"an odd bound":           {`minOccurs="2"`, `minOccurs="two"`, `minOccurs is "two"`},
		"too often":              {`maxOccurs="3"`, `maxOccurs="65"`, `maxOccurs is "65"`},
		"less than the least":    {`maxOccurs="3"`, `maxOccurs="1"`, "at least 2 and at most 1"},
		"strict":                 {`processContents="lax" minOccurs="0" maxOccurs="2"`, `minOccurs="0"`, "<any> that is not lax"},
		"of one namespace":       {`<xs:any namespace="##other"`, `<xs:any namespace="urn:a"`, "<any>: not understood"},
		"another facet":          {`<xs:maxLength value="5"/>`, `<xs:whiteSpace value="collapse"/>`, "<whiteSpace>: not understood"},
		"a bound of a text":      {`<xs:maxLength value="5"/>`, `<xs:maxInclusive value="5"/>`, `"5" is a bound of no number`},
		"a bound that is none":   {`<xs:maxInclusive value="99.5"/>`, `<xs:maxInclusive value="many"/>`, `"many" is a bound`},
		"a length that is none":  {`<xs:maxLength value="5"/>`, `<xs:maxLength value="five"/>`, "invalid syntax"},
		"facets of a union":      {`<xs:restriction base="xs:positiveInteger"/>`, `<xs:restriction base="o:time"><xs:enumeration value="never"/></xs:restriction>`, "<enumeration>: not understood"},
		"a list":                 {`<xs:restriction base="xs:positiveInteger"/>`, `<xs:list itemType="xs:string"/>`, "<list>: not understood"},
		"a type in a circle":     {`<xs:restriction base="xs:positiveInteger"/>`, `<xs:restriction base="o:size"/>`, "is no simple type"},
		"an odd pattern":         {`[A-Z]{3}`, `[A-Z`, "a class without an end"},
		"another selector":       {`.//*`, `o:item`, "a constraint of another kind"},
		"another key":            {`<xs:unique name="refs">`, `<xs:key name="refs"/><xs:unique name="refs">`, "<key>: not understood"},
		"a name twice":           {`<xs:simpleType name="size"`, `<xs:simpleType name="ref"`, "without a name of its own"},
		"a default of many":      {`name="note" type="o:note"`, `name="note" default="a" type="o:note"`, "a default or constraint"},
		"complex content":        {`<xs:simpleContent><xs:extension base="o:amount">`, `<xs:complexContent/><xs:simpleContent><xs:extension base="o:amount">`, "<complexContent>: not understood"},
		"a restricted text":      {`<xs:extension base="o:amount"><xs:attribute name="currency" type="o:currency" default="EUR"/></xs:extension>`, `<xs:restriction base="o:price"/>`, "<simpleContent>: not understood"},
		"something of others":    {`<xs:import namespace="urn:colour"/>`, `<x xmlns="urn:x"/>`, "<x>: not understood"},
	} {
		text := strings.Replace(order, f.old, f.new, 1)
		if text == order {
			t.Fatalf("%s: nothing changed", fact)
		}
		if _, err := xsd.Compile([]byte(text), []byte(colour)); !errors.Is(err, xsd.ErrSchema) || !strings.Contains(err.Error(), f.want) {
			t.Errorf("%s: %v, want %q", fact, err, f.want)
		}
	}
}

// TestContentGrowsNoFurther: repetitions in repetitions are written out, up to
// a limit.
func TestContentGrowsNoFurther(t *testing.T) {
	const open, end = `<xs:sequence minOccurs="64" maxOccurs="64">`, `</xs:sequence>`
	const a = `<xs:any namespace="##any" processContents="lax" minOccurs="0" maxOccurs="unbounded"/>`
	text := strings.Replace(order, a, strings.Repeat(open, 3)+a+strings.Repeat(end, 3), 1)
	if _, err := xsd.Compile([]byte(text), []byte(colour)); err == nil || !strings.Contains(err.Error(), "limit of 1000 elements") {
		t.Error(err)
	}
}

// TestManyChildren: a list of any length takes its own size and not more.
func TestManyChildren(t *testing.T) {
	s := compiled(t)
	item := `<item kind="big"><name>a</name></item>`
	if problems, err := s.Validate([]byte(inOrder(strings.Repeat(item, 20_000)+twice)), 10); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

func FuzzValidate(f *testing.F) {
	for _, text := range []string{inOrder(twice), inOrder(twice + `<note>a<b xmlns="urn:x"/></note>`), `<o:order xmlns:o="urn:order" o:a="b"/>`, order} {
		f.Add([]byte(text))
	}
	s := compiled(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		first, err := s.Validate(text, 5)
		second, again := s.Validate(text, 5)
		if len(first) > 5 || fmt.Sprint(first, err) != fmt.Sprint(second, again) {
			t.Errorf("%v, %v; %v, %v", first, err, second, again)
		}
	})
}

func FuzzCompile(f *testing.F) {
	f.Add([]byte(order))
	f.Add([]byte(colour))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := xsd.Compile(text)
		if (s == nil) == (err == nil) || err != nil && !errors.Is(err, xsd.ErrSchema) {
			t.Errorf("%v, %v", s, err)
		}
	})
}
