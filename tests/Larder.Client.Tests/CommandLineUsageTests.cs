using System.CommandLine;
using Larder.Cli.Running;
using Larder.Client.Tests.Support;

namespace Larder.Client.Tests;

/// <summary><c>larder</c> without a server: usage, completion, what the page has.</summary>
public sealed class CommandLineUsageTests : IDisposable
{
    private readonly CommandEnvironment _user = new();

    public void Dispose() => _user.Dispose();

    [Theory]
    [InlineData("models", "lst")]
    [InlineData("models", "list", "--limit", "many")]
    [InlineData("models", "list", "--output", "xml")]
    [InlineData("models", "list", "--url", "localhost:7071")]
    [InlineData("models", "alias", "iris", "champion")]
    [InlineData("train", "iris", "missing.py", "--data", "missing.csv")]
    [InlineData("models", "show", "..")]
    public async Task Wrong_usage_is_a_sentence_on_standard_error_and_exit_code_2(params string[] arguments)
    {
        var result = await CommandLine.RunAsync(_user, arguments);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("error: ", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_exit_code_3()
    {
        var result = await CommandLine.RunAsync(_user, "models", "delete", "iris", "--yes", "--url", "http://127.0.0.1:1");

        Assert.Equal((3, ""), (result.ExitCode, result.Output));
        Assert.StartsWith("error: http://127.0.0.1:1/ cannot be reached: ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_version_is_printed_alone() => Assert.Equal("0.2.0\n", (await CommandLine.RunAsync(_user, "--version")).Succeeded());

    [Fact]
    public async Task Shells_ask_what_may_come_next()
    {
        Assert.Contains("complete -o default -F _larder larder", (await CommandLine.RunAsync(_user, "completion", "bash")).Succeeded(), StringComparison.Ordinal);
        Assert.StartsWith("#compdef larder", (await CommandLine.RunAsync(_user, "completion", "zsh")).Succeeded(), StringComparison.Ordinal);
        Assert.StartsWith("complete ", (await CommandLine.RunAsync(_user, "completion", "fish")).Succeeded(), StringComparison.Ordinal);
        Assert.StartsWith("Register-ArgumentCompleter", (await CommandLine.RunAsync(_user, "completion", "pwsh")).Succeeded(), StringComparison.Ordinal);

        Assert.Equal("rollback\n", (await CommandLine.RunAsync(_user, "[suggest:16]", "larder models ro")).Succeeded());
        Assert.Contains("upload", (await CommandLine.RunAsync(_user, "[suggest:14]", "larder models ")).Succeeded().Split('\n'));
    }

    [Fact]
    public async Task Serve_starts_the_self_host_that_is_named()
    {
        var unknown = await CommandLine.RunAsync(_user, "serve");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("dotnet publish host -c Release -o FOLDER", unknown.Errors, StringComparison.Ordinal);

        Assert.Equal(2, (await CommandLine.RunAsync(_user, "serve", "--host", _user.Folder)).ExitCode);
        Assert.Contains("--grpc-port", (await CommandLine.RunAsync(_user, "serve", "--host", AppContext.BaseDirectory, "--", "--help")).Succeeded(), StringComparison.Ordinal);
        _user.With("LARDER_HOST", Path.Combine(AppContext.BaseDirectory, "Larder.Host.dll"));
        Assert.Equal(2, (await CommandLine.RunAsync(_user, "serve", "--", "--prot", "1")).ExitCode);
    }

    [Fact]
    public void Every_command_and_every_option_is_on_the_page_and_described()
    {
        using var interruption = new Interruption();
        var page = File.ReadAllText(RepositoryFiles.PathOf("docs/cli.md"));
        var commands = All(LarderCommand.Create(interruption)).Where(command => command.Subcommands.Count == 0).ToList();

        Assert.True(commands.Count > 35, $"There are {commands.Count} commands.");
        Assert.Equal([], commands.Select(LarderCommand.NameOf).Where(name => !page.Contains($"`{name}", StringComparison.Ordinal) && !page.Contains($"$ {name}", StringComparison.Ordinal)));
        Assert.Equal([], commands.SelectMany(command => command.Options.Where(option => !option.Hidden && option.Name.StartsWith("--", StringComparison.Ordinal) && !page.Contains(option.Name, StringComparison.Ordinal)).Select(option => $"{LarderCommand.NameOf(command)} {option.Name}")));
        Assert.All(commands, command => Assert.False(string.IsNullOrEmpty(command.Description)));
        Assert.All(commands.SelectMany(command => command.Options), option => Assert.False(string.IsNullOrEmpty(option.Description)));
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);
}
