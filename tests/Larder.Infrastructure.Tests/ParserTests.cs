namespace Larder.Infrastructure.Tests;

public sealed class ParserTests
{
    [Fact]
    public void Declarations_are_told_apart()
    {
        var declarations = Parser.Parse(
            """
            metadata description = 'A test.'
            targetScope = 'resourceGroup' // with a comment

            /* and one
               over lines */
            param name string
            @description('How many.')
            @sys.minValue(1)
            param count int = 3
            param names string[] = []
            param kind 'a' | 'b' = 'a'
            param size int?
            var twice = count * 2
            resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
              name: name
            }
            resource old 'Microsoft.Web/serverfarms@2024-11-01' existing = if (count > 1) { name: 'old' }
            module part 'modules/part.bicep' = [for (item, index) in names: if (index > 0) { params: { name: item } }]
            output id string = plan.id
            """);

        Assert.Equal(
            [
                "MetadataDeclaration description", "ScopeDeclaration ", "ParameterDeclaration name", "ParameterDeclaration count", "ParameterDeclaration names",
                "ParameterDeclaration kind", "ParameterDeclaration size", "VariableDeclaration twice", "ResourceDeclaration plan", "ResourceDeclaration old",
                "ModuleDeclaration part", "OutputDeclaration id",
            ],
            declarations.Select(declaration => $"{declaration.GetType().Name} {declaration.Name}"));
        Assert.Equal(["description", "minValue"], declarations[3].Decorators.Select(decorator => decorator.Function));
        Assert.Equal(["string", "int", "string[]", "'a'|'b'", "int?"], declarations.OfType<ParameterDeclaration>().Select(parameter => parameter.Type));
        var old = Assert.IsType<ResourceDeclaration>(declarations[9]);
        Assert.Equal(("Microsoft.Web/serverfarms", "2024-11-01", true, "old"), (old.Type, old.Version, old.Existing, old.Body.Find("name")?.Text));
        var loop = Assert.IsType<ForExpression>(Assert.IsType<ModuleDeclaration>(declarations[10]).Body);
        Assert.Equal(("item", "index"), (loop.Item, loop.Index));
        Assert.IsType<IfExpression>(loop.Body);
        Assert.Equal("item", Assert.IsType<NameExpression>(loop.Find("params", "name")).Name);
    }

    [Fact]
    public void Parameters_files_are_read()
    {
        var declarations = Parser.Parse("using './main.bicep'\n\nparam name = readEnvironmentVariable('NAME', 'x')\n");

        Assert.Equal("./main.bicep", Assert.IsType<UsingDeclaration>(declarations[0]).Path);
        var name = Assert.IsType<ParameterDeclaration>(declarations[1]);
        Assert.Null(name.Type);
        Assert.Equal("readEnvironmentVariable", Assert.IsType<CallExpression>(name.Default).Function);
    }

    [Theory]
    [InlineData("1 + 2 * 3", "(1 + (2 * 3))")]
    [InlineData("(1 + 2) * 3", "((1 + 2) * 3)")]
    [InlineData("a ?? b || c && !d", "(a ?? (b || (c && !d)))")]
    [InlineData("a == b ? c : d ? e : f", "((a == b) ? c : (d ? e : f))")]
    [InlineData("a\n  ? b\n  : c", "(a ? b : c)")]
    [InlineData("a!.b.?c[0][?1]::d", "a.b.c[0][1].d")]
    [InlineData("f(a, g(), b.h(1))", "f(a, g(), b.h(1))")]
    [InlineData("f(\n  a,\n  b\n)", "f(a, b)")]
    [InlineData("[1, 2\n  3\n]", "[1, 2, 3]")]
    [InlineData("{ a: 1, 'b-c': [{}]\n '${d}': true }", "{a: 1, b-c: [{}], ${d}: True}")]
    [InlineData("[for x in xs: { a: x }]", "[for x in xs: {a: x}]")]
    [InlineData("-1 - -a", "(-1 - -a)")]
    [InlineData("null", "null")]
    public void Values_are_understood(string source, string expected) => Assert.Equal(expected, Show(Value(source)));

    [Theory]
    [InlineData("'plain'", "plain")]
    [InlineData("''", "")]
    [InlineData(@"'it\'s \$ \\ \n\t\u{1F600}'", "it's $ \\ \n\t\U0001F600")]
    [InlineData("'$ {a} $'", "$ {a} $")]
    [InlineData("'''\nraw ${a}\n\\n'''", "raw ${a}\n\\n")]
    [InlineData("'// no comment'", "// no comment")]
    public void Strings_without_holes_are_their_text(string source, string expected) => Assert.Equal(expected, Value(source).Text);

    [Theory]
    [InlineData("'a${b}c'", "a${b}c")]
    [InlineData("'${a}${b.c}'", "${a}${b.c}")]
    [InlineData("'x${f('y${z}', { a: '}' })}'", "x${f(y${z}, {a: }})}")]
    public void Strings_have_holes_and_strings_in_them(string source, string expected)
    {
        Assert.Equal(expected, Show(Value(source)));
        Assert.Null(Value(source).Text);
    }

    [Theory]
    [InlineData("func f() string => 'a'", "1:1: 'func' begins no declaration that this parser knows")]
    [InlineData("import 'x'", "1:1: 'import' begins no declaration that this parser knows")]
    [InlineData("type t = string", "1:1: 'type' begins no declaration that this parser knows")]
    [InlineData("var a = 'b", "1:9: this string does not end on its line")]
    [InlineData("var a = '''b", "1:9: this string does not end")]
    [InlineData("var a = 'b${c'", "1:14: this string does not end on its line")]
    [InlineData("var a = 'b${", "1:13: the file ends inside ${...}")]
    [InlineData(@"var a = '\x'", "1:10: '\\x' is no escape")]
    [InlineData(@"var a = '\u{110000}'", "1:10: \\u must be followed by {hexadecimal digits} of a character")]
    [InlineData("var a = 1 // fine\nvar b = \"c\"", "2:9: '\"' is no word of Bicep that this parser knows")]
    [InlineData("#disable-next-line no-unused-vars\nvar a = 1", "1:1: '#' is no word of Bicep that this parser knows")]
    [InlineData("/* never", "1:1: this comment does not end")]
    [InlineData("var a = 12x", "1:11: 'x' inside a number")]
    [InlineData("var a = 99999999999999999999", "1:9: 99999999999999999999 is too large a number")]
    [InlineData("var a 1", "1:7: expected '=', found '1'")]
    [InlineData("var a = 1 var b = 2", "1:11: expected the end of the line, found 'var'")]
    [InlineData("var a =\n", "1:8: expected a value, found the end of the line")]
    [InlineData("var a = [1 2]", "1:12: expected a comma, the end of the line or ']', found '2'")]
    [InlineData("var a = {\n  b: 1\n  b: 2\n}", "3:3: the property 'b' is there twice")]
    [InlineData("var a = { b 1 }", "1:13: expected ':', found '1'")]
    [InlineData("var a = b ? c", "1:14: expected ':', found the end of the file")]
    [InlineData("var a = if (b) {}", "1:16: expected the end of the line, found '{'")]
    [InlineData("param a { b: string }", "1:9: expected a type, found '{'")]
    [InlineData("resource a 'Microsoft.Web/sites' = {}", "1:12: the type of a resource is 'Provider/type@version'")]
    [InlineData("resource a 'x/y@1' = {\n  resource b 'z' = {}\n}", "2:12: expected ':', found 'b'")]
    [InlineData("module a 'modules/${b}.bicep' = {}", "1:10: expected the path of the module, a string without holes, found 'modules/{}.bicep'")]
    [InlineData("module a 'b' = [for c in d { }]", "1:28: expected ':', found '{'")]
    [InlineData("var a = [for (b) in c: b]", "1:16: expected ',', found ')'")]
    [InlineData("var a = map(b, c => c)", "1:18: expected ',', found '=>'")]
    [InlineData("var a = 'b${c d}'", "1:15: expected '}', found 'd'")]
    public void What_it_does_not_know_is_an_error_with_line_and_column(string source, string expected) =>
        Assert.Equal(expected, Assert.Throws<BicepSyntaxException>(() => Parser.Parse(source)).Message);

    private static Expression Value(string source) => Assert.IsType<VariableDeclaration>(Assert.Single(Parser.Parse($"var x = {source}"))).Content;

    private static string Show(Expression expression) => expression switch
    {
        StringExpression text => string.Concat(text.Texts.Select((part, index) => index < text.Holes.Count ? $"{part}${{{Show(text.Holes[index])}}}" : part)),
        NumberExpression number => $"{number.Value}",
        BooleanExpression boolean => $"{boolean.Value}",
        NullExpression => "null",
        NameExpression name => name.Name,
        MemberExpression member => $"{Show(member.Target)}.{member.Member}",
        IndexExpression index => $"{Show(index.Target)}[{Show(index.Index)}]",
        CallExpression call => $"{(call.Target is null ? "" : $"{Show(call.Target)}.")}{call.Function}({Show(call.Arguments)})",
        UnaryExpression unary => $"{unary.Operator}{Show(unary.Operand)}",
        BinaryExpression binary => $"({Show(binary.Left)} {binary.Operator} {Show(binary.Right)})",
        ConditionalExpression conditional => $"({Show(conditional.Condition)} ? {Show(conditional.WhenTrue)} : {Show(conditional.WhenFalse)})",
        ArrayExpression array => $"[{Show(array.Items)}]",
        ObjectExpression value => $"{{{Show(value.Properties)}}}",
        PropertyExpression property => $"{Show(property.Key)}: {Show(property.Value)}",
        ForExpression loop => $"[for {loop.Item} in {Show(loop.Source)}: {Show(loop.Body)}]",
        _ => throw new InvalidOperationException(expression.GetType().Name),
    };

    private static string Show(IEnumerable<Expression> expressions) => string.Join(", ", expressions.Select(Show));
}
