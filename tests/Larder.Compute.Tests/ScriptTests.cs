using System.Diagnostics;
using Larder.Orchestrations.Compute;

namespace Larder.Compute.Tests;

public sealed class ScriptTests
{
    [Theory]
    [InlineData("bootstrap.py")]
    [InlineData("supervise.py")]
    public async Task Our_scripts_are_Python_of_version_3_8(string name)
    {
        var (code, errors) = await PythonAsync("import ast, sys; ast.parse(sys.stdin.read(), feature_version=(3, 8))", EmbeddedText.Read(name));

        Assert.Equal((0, ""), (code, errors));
    }

    [Fact]
    public async Task The_loader_is_Python_of_version_3_8()
    {
        var (code, errors) = await PythonAsync("import ast, sys; ast.parse(sys.stdin.read(), feature_version=(3, 8))", Bootstrap.Command[2]);

        Assert.Equal((0, ""), (code, errors));
    }

    private static async Task<(int Code, string Errors)> PythonAsync(string program, string input)
    {
        using var python = Process.Start(new ProcessStartInfo("python3", ["-c", program]) { RedirectStandardInput = true, RedirectStandardError = true })!;
        await python.StandardInput.WriteAsync(input);
        python.StandardInput.Close();
        var errors = await python.StandardError.ReadToEndAsync();
        await python.WaitForExitAsync();
        return (python.ExitCode, errors);
    }
}
