using System.Text;
using Larder.Orchestrations.Ingestion.Archives;
using Larder.Registry.Errors;

namespace Larder.Orchestrations.Tests.Ingestion;

public sealed class LarderYamlTests
{
    [Fact]
    public void Everything_that_is_known_is_read()
    {
        var yaml = Read("""
            # comments are fine
            name: iris
            description: |
              Two lines
              of text.
            model_description: Flowers
            tags: {team: botany, "year": "2026"}
            aliases:
              - champion
              - staging
            labels: [setosa, versicolor, 'virginica']
            features:
              - length
              - {name: width, unit: cm, missing: true, default: 0.5}
            image:
              scale: 0.00392
              mean: [0.485, 0.456, 0.406]
              std: [1, 1, 1]
              channel_order: BGR
              resize: crop
            sample_inputs:
              values: [[5.1, 3.5, 1.4, 2e-1]]
            """);

        Assert.Equal(("iris", "Two lines\nof text.\n", "Flowers"), (yaml.Name, yaml.Description, yaml.ModelDescription));
        Assert.Equal(("botany", "2026"), (yaml.Tags["team"], yaml.Tags["year"]));
        Assert.Equal(["champion", "staging"], yaml.Aliases);
        Assert.Equal(["setosa", "versicolor", "virginica"], yaml.Labels);
        Assert.Equal([("length", null, null), ("width", "cm", true)], yaml.Features!.Select(feature => (feature.Name, feature.Unit, feature.Missing)));
        Assert.Equal((0.00392, "BGR", "crop", 0.406), (yaml.Image!.Scale, yaml.Image.ChannelOrder, yaml.Image.Resize, yaml.Image.Mean[2]));
        Assert.Equal("""{"values":[[5.1,3.5,1.4,0.2]]}""", yaml.SampleInputs!.Body.GetRawText());
    }

    [Theory]
    [InlineData("")]
    [InlineData("# only a comment")]
    [InlineData("{}")]
    [InlineData("\uFEFFdescription: with a mark")]
    public void All_of_it_is_optional(string text) => Assert.Empty(Read(text).Aliases);

    [Theory]
    [InlineData("descripton: x", "/descripton is not known")]
    [InlineData("image: {skale: 2}", "/image/skale is not known")]
    [InlineData("tags: {year: 2026}", "/tags/year must be a text; got 2026")]
    [InlineData("aliases: champion", "/aliases must be a list")]
    [InlineData("- a\n- b", "must be an object; got a list")]
    [InlineData("name: a\nname: b", "line 2: the key 'name' is there twice")]
    [InlineData("a: &x [1]\nb: *x", "anchors and aliases")]
    [InlineData("description: !!python/object:os.system x", "tags (!) are not allowed")]
    [InlineData("name: a\n---\nname: b", "more than one document")]
    [InlineData("name: [a", "is no YAML")]
    [InlineData("name: \"a", "is no YAML")]
    [InlineData("? [a, b]\n: c", "a key must be a text")]
    [InlineData("sample_inputs: 3", "/sample_inputs must be an object; got 3")]
    public void What_cannot_be_meant_is_refused_with_its_place(string text, string expected)
    {
        var message = Assert.Throws<InvalidRequestException>(() => Read(text)).Message;

        Assert.StartsWith("larder.yaml cannot be used: ", message);
        Assert.Contains(expected, message);
    }

    [Fact]
    public void Nesting_without_end_is_refused() =>
        Assert.Contains("nested more than 32 deep", Assert.Throws<InvalidRequestException>(() => Read($"labels: {new string('[', 100_000)}")).Message);

    [Theory]
    [InlineData("name: a\0b", "line 1 has a character that no YAML may have (U+0000)")]
    [InlineData("# x\nname: \u001b[2J", "line 2 has a character that no YAML may have (U+001B)")]
    [InlineData("image: {la\u2028: x}", "no YAML")]
    [InlineData("name: \"\\uD800\"", "no YAML")]
    public void Text_that_cannot_be_kept_is_refused(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidRequestException>(() => Read(text)).Message);

    [Fact]
    public void Bytes_that_are_no_text_are_refused() =>
        Assert.Contains("not UTF-8", Assert.Throws<InvalidRequestException>(() => LarderYaml.Read(BinaryData.FromBytes([0xFF, 0xFE, 0x00]))).Message);

    private static LarderYaml Read(string text) => LarderYaml.Read(BinaryData.FromBytes(Encoding.UTF8.GetBytes(text)));
}
