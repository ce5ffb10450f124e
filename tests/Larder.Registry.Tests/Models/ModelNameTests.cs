using System.Text.Json;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Storage;

namespace Larder.Registry.Tests.Models;

public sealed class ModelNameTests
{
    public static TheoryData<string> NoNames { get; } =
    [
        "", " ", ".", "-a", "_a", ".a", "a b", "a/b", "a\\b", "a:b", "a?", "a#", "a%20", "ä", "日本", "a\n", "a\0", "../etc", "*", new('a', 129),
    ];

    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("Iris")]
    [InlineData("iris-2.0_final")]
    [InlineData("a.")]
    [InlineData("..a", false)]
    [InlineData("Information")]
    [InlineData("information", false)]
    public void A_model_name_is_letters_digits_and_dots_underscores_and_hyphens(string name, bool allowed = true)
    {
        var thrown = Record.Exception(() => ModelName.Parse(name));
        Assert.Equal(allowed, thrown is null);
    }

    [Theory]
    [MemberData(nameof(NoNames))]
    public void Anything_else_is_refused_in_a_printable_sentence(string name)
    {
        var model = Assert.Throws<InvalidRequestException>(() => ModelName.Parse(name));
        var alias = Assert.Throws<InvalidRequestException>(() => ModelName.ValidateAlias(name));
        Assert.All([model.Message, alias.Message], message => Assert.True(message.Length < 250 && !message.Any(char.IsControl)));
    }

    [Fact]
    public void A_name_has_at_most_128_characters() => Assert.Equal(new string('a', 128), ModelName.Parse(new string('a', 128)));

    [Fact]
    public void In_json_a_name_is_a_string()
    {
        Assert.Equal("\"iris\"", JsonSerializer.Serialize(ModelName.Parse("iris"), RegistryJson.Options));
        Assert.Equal(ModelName.Parse("iris"), JsonSerializer.Deserialize<ModelName>("\"iris\"", RegistryJson.Options));
        Assert.Null(JsonSerializer.Deserialize<ModelName>("null", RegistryJson.Options));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<ModelName>("1", RegistryJson.Options));
    }

    [Fact]
    public void A_stored_name_is_read_also_when_it_would_be_refused_today() =>
        Assert.Equal("information", JsonSerializer.Deserialize<ModelName>("\"information\"", RegistryJson.Options));

    [Fact]
    public void An_alias_of_digits_would_be_a_version() => Assert.Throws<InvalidRequestException>(() => ModelName.ValidateAlias("12"));

    [Theory]
    [InlineData("champion")]
    [InlineData("default")]
    [InlineData("v2")]
    [InlineData("2b")]
    public void An_alias_may_start_with_a_digit(string alias) => Assert.Null(Record.Exception(() => ModelName.ValidateAlias(alias)));
}
