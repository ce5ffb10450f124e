using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Larder.Infrastructure.Tests.Containers;

/// <summary>The Dockerfile by a linter, and by the rules that docs/production.md promises. No image is built here: that needs a daemon.</summary>
public sealed partial class DockerfileTests
{
    private static readonly Dockerfile File = Dockerfile.OfRepository;

    [Fact]
    public async Task The_linter_finds_nothing() => Assert.Equal("", await LintAsync(Repository.Read("Dockerfile")));

    [Theory]
    [InlineData("FROM a\nRUNN x", "Unknown instruction: RUNN")]
    [InlineData("FROM a\nHEALTHCHECK --every=1s CMD x", "Unknown flag: every")]
    [InlineData("FROM a\nEXPOSE http", "Invalid containerPort: http")]
    [InlineData("FROM a\nCMD x\nCMD y", "There can only be one CMD instruction")]
    public async Task The_linter_finds_what_Docker_would_refuse_or_ignore(string text, string finding) => Assert.Contains(finding, await LintAsync(text), StringComparison.Ordinal);

    [Fact]
    public void Base_images_are_arguments_with_a_tag_so_that_a_release_can_name_digests()
    {
        var images = File.Instructions.TakeWhile(instruction => instruction.Keyword == "ARG").Select(instruction => instruction.Text.Split('=')).ToDictionary(parts => $"${{{parts[0]}}}", parts => parts[1]);

        Assert.All(images.Values, image => Assert.Matches(Tagged(), image));
        Assert.Equal(images.Keys.Order(), File.Instructions.Where(instruction => instruction.Keyword == "FROM").Select(instruction => instruction.Text.Split(' ')[0]).Order());
    }

    [Fact]
    public void The_images_are_of_the_framework_that_the_sources_are_built_for()
    {
        var version = Framework().Match(Repository.Read("Directory.Build.props")).Groups["version"].Value;

        Assert.Contains(File.Instructions, instruction => instruction.Text.StartsWith($"SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:{version}-", StringComparison.Ordinal));
        Assert.Contains(File.Instructions, instruction => instruction.Text.StartsWith($"RUNTIME_IMAGE=mcr.microsoft.com/dotnet/aspnet:{version}-", StringComparison.Ordinal));
    }

    [Fact]
    public void The_image_runs_as_a_user_who_is_not_root()
    {
        Assert.Equal("$APP_UID", File.Single("USER").Text);
        Assert.Equal("USER", File.Image.First(instruction => instruction.Keyword is "USER" or "ENTRYPOINT").Keyword);
    }

    [Fact]
    public void The_program_and_its_health_check_need_no_shell_and_no_other_program()
    {
        string[] program = ["dotnet", "Larder.Host.dll"];

        Assert.Equal(program, File.Single("ENTRYPOINT").Words);
        Assert.Equal([.. program, "--health"], File.Single("HEALTHCHECK").Words);
        Assert.True(System.IO.File.Exists(Repository.Path("host/Larder.Host.csproj")));
        Assert.DoesNotContain(File.Image, instruction => instruction.Text.Contains("curl", StringComparison.Ordinal) || instruction.Keyword == "ADD");
    }

    [Fact]
    public void What_is_written_has_a_volume_and_settings_are_ones_that_exist()
    {
        var settings = File.Environment.Keys.Select(name => name.Replace("__", ":", StringComparison.Ordinal));
        var sample = Repository.Read("local.settings.sample.json");

        Assert.Equal(File.Environment["LocalFolder"], File.Single("VOLUME").Text);
        Assert.All(settings.Except(["ASPNETCORE_URLS", "AZURE_FUNCTIONS_ENVIRONMENT", "DOTNET_EnableDiagnostics"]), name => Assert.Contains($"\"{name}\":", sample, StringComparison.Ordinal));
        Assert.Equal($"http://+:{File.Single("EXPOSE").Text}", File.Environment["ASPNETCORE_URLS"]);
    }

    [Fact]
    public void Secrets_are_neither_arguments_nor_environment() => Assert.Equal([], File.Instructions.Where(instruction => instruction.Keyword is "ARG" or "ENV" && Secret().IsMatch(instruction.Text)));

    [Fact]
    public void Every_room_that_the_host_is_built_of_is_sent_to_the_build()
    {
        var sent = System.IO.File.ReadLines(Repository.Path(".dockerignore")).Where(line => line.StartsWith('!')).Select(line => line[1..]).ToList();
        var rooms = Rooms("host/Larder.Host.csproj").Select(project => project.Split('/')[0]).Distinct().ToList();
        var files = Rooms("host/Larder.Host.csproj").SelectMany(project => Included().Matches(Repository.Read(project)).Select(match => match.Groups["file"].Value)).Distinct().ToList();

        Assert.Contains("registry", rooms);
        Assert.Contains("local.settings.sample.json", files);
        Assert.Equal([], rooms.Concat(files).Except(sent));
        Assert.All(sent, path => Assert.True(Path.Exists(Repository.Path(path)), path));
    }

    // A project and those that it refers to, as paths from the root.
    private static HashSet<string> Rooms(string project)
    {
        var known = new HashSet<string>();
        var waiting = new Stack<string>([project]);
        while (waiting.TryPop(out var next))
        {
            if (!known.Add(next))
                continue;
            var folder = Path.GetDirectoryName(Repository.Path(next))!;
            foreach (var reference in Reference().Matches(Repository.Read(next)).Select(match => match.Groups["path"].Value))
                waiting.Push(Path.GetRelativePath(Repository.Path("."), Path.GetFullPath(reference, folder)).Replace('\\', '/'));
        }
        return known;
    }

    private static async Task<string> LintAsync(string dockerfile)
    {
        const string Script = """
            let text = '';
            process.stdin.on('data', part => text += part).on('end', () =>
              process.stdout.write(require('dockerfile-utils').validate(text).map(found => `${found.range.start.line + 1}: ${found.message}`).join('\n')));
            """;
        using var node = Process.Start(new ProcessStartInfo("node", ["-e", Script])
        {
            WorkingDirectory = Repository.Path("."),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        await node.StandardInput.WriteAsync(dockerfile);
        node.StandardInput.Close();
        var texts = await Task.WhenAll(node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
        await node.WaitForExitAsync();
        Assert.True(node.ExitCode == 0, texts[1]);
        return texts[0];
    }

    [GeneratedRegex(@"^[a-z0-9./-]+:(?!latest)[\w.-]+$")]
    private static partial Regex Tagged();

    [GeneratedRegex("<TargetFramework>net(?<version>[^<]+)<")]
    private static partial Regex Framework();

    [GeneratedRegex("password|secret|token|accountkey", RegexOptions.IgnoreCase)]
    private static partial Regex Secret();

    [GeneratedRegex("""<ProjectReference Include="(?<path>[^"$]+)"(?![^>]*Condition)""")]
    private static partial Regex Reference();

    [GeneratedRegex("""<EmbeddedResource Include="\.\./(?<file>[^"]+)""")]
    private static partial Regex Included();
}
