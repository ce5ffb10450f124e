using System.Diagnostics;
using System.Text.Json;

namespace Larder.Infrastructure.Tests;

/// <summary>.ci/licences: which licences packages have, which are allowed, and what a release says of them.</summary>
public sealed class LicenceTests : IDisposable
{
    private const string MitText = "Permission is hereby granted, free of charge, to any person\nobtaining a copy of this software";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("larder-licences-");

    public LicenceTests()
    {
        Write("dashboard/Larder.Dashboard.csproj", """<EmbeddedResource Include="$(NodeModules)charts/dist/charts.js" />""");
        Write("package-lock.json", """{ "packages": { "node_modules/charts": { "version": "1.0.0" } } }""");
        Write("node_modules/charts/package.json", """{ "name": "charts", "version": "1.0.0", "license": "ISC" }""");
        Directory.CreateDirectory(Path.Combine(_folder.FullName, ".ci"));
        File.Copy(Repository.Path(".ci/licences"), Path.Combine(_folder.FullName, ".ci/licences"));
    }

    /// <inheritdoc />
    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Every_package_of_every_lock_file_has_a_licence_that_is_allowed()
    {
        var (exit, output) = await RunAsync(Repository.Path(".ci/licences"), Environment.GetEnvironmentVariable("NUGET_PACKAGES"), "check");

        Assert.Contains(" have a licence that is allowed, 0 have not.", output);
        Assert.Equal(0, exit);
    }

    [Theory]
    [InlineData("""<license type="expression">MIT</license>""")]
    [InlineData("""<license type="expression">GPL-3.0-only OR Apache-2.0</license>""")]
    [InlineData("""<license type="file">LICENSE.txt</license>""")]
    [InlineData("""<licenseUrl>https://raw.githubusercontent.com/xunit/xunit/master/license.txt</licenseUrl>""")]
    public async Task A_licence_that_is_allowed_passes(string licence)
    {
        Restored("Some.Package", licence, MitText);

        var (exit, output) = await RunHereAsync("check");

        Assert.Equal("2 packages have a licence that is allowed, 0 have not.", output.Trim());
        Assert.Equal(0, exit);
    }

    [Theory]
    [InlineData("""<license type="expression">GPL-3.0-only</license>""", "has the licence GPL-3.0-only, which is not allowed")]
    [InlineData("""<license type="expression">LGPL-3.0-or-later</license>""", "has the licence LGPL-3.0-or-later, which is not allowed")]
    [InlineData("""<license type="file">LICENSE.txt</license>""", "has no licence that is known")]
    [InlineData("<licenseUrl>https://example.com/licence</licenseUrl>", "has no licence that is known. Read https://example.com/licence")]
    [InlineData("", "has no licence that is known")]
    public async Task Another_licence_or_none_fails(string licence, string sentence)
    {
        Restored("Some.Package", licence, "You may look at this software.");

        var (exit, output) = await RunHereAsync("check");

        Assert.Contains($"Some.Package 1.2.3 {sentence}", output);
        Assert.Contains("1 packages have a licence that is allowed, 1 have not.", output);
        Assert.Equal(1, exit);
    }

    [Fact]
    public async Task What_is_not_installed_is_named_with_the_command_that_installs_it()
    {
        Write("packages.lock.json", """{ "dependencies": { "net10.0": { "Some.Package": { "type": "Direct", "resolved": "1.2.3" } } } }""");
        Write("package-lock.json", """{ "packages": { "node_modules/charts": { "version": "1.0.1" } } }""");

        var (exit, output) = await RunHereAsync("check");

        Assert.Contains("Some.Package 1.2.3 is not restored: run 'dotnet restore Larder.slnx' first.", output);
        Assert.Contains("charts is installed as 1.0.0, and package-lock.json has 1.0.1: run 'npm ci' first.", output);
        Assert.Equal(1, exit);
    }

    [Fact]
    public async Task The_list_has_what_a_program_contains_with_the_texts_of_licences()
    {
        Restored("Some.Package", """<license type="file">LICENSE.txt</license><copyright>Copyright A. Publisher</copyright>""", MitText);
        Restored("Without.Files", """<license type="expression">MIT</license>""");
        Program();

        var (exit, output) = await RunHereAsync("list", "app");

        Assert.Contains("Some.Package 1.2.3\n    licence: MIT\n    of: Copyright A. Publisher\n    text: [1]\n", output);
        Assert.Contains("charts 1.0.0\n    licence: ISC\n    of: \n    text: https://spdx.org/licenses/ISC.html\n", output);
        Assert.Contains($"[1]\n\n{MitText}\n", output);
        Assert.DoesNotContain("Without.Files", output);
        Assert.Equal(0, exit);
    }

    [Fact]
    public async Task A_package_without_a_licence_makes_no_list()
    {
        Restored("Some.Package", "");
        Program();

        var (exit, output) = await RunHereAsync("list", "app");

        Assert.DoesNotContain("THIRD-PARTY-LICENCES", output);
        Assert.Equal(1, exit);
    }

    [Theory]
    [InlineData("required", 0, "lacks none")]
    [InlineData("excluded", 1, "lacks Some.Package 1.2.3")]
    public async Task An_SBOM_is_compared_with_what_a_program_contains(string scope, int expected, string sentence)
    {
        Program();
        Write("sbom.json", JsonSerializer.Serialize(new { components = new[] { new { name = "Some.Package", version = "1.2.3", scope } } }));

        var (exit, output) = await RunHereAsync("compare", "sbom.json", "app");

        Assert.Contains(sentence, output);
        Assert.Equal(expected, exit);
    }

    // A program with a library of one package, a reference to another that has no file, and a library that is a program itself, with another version of the package.
    private void Program()
    {
        Write("app/Some.Library.dll", "");
        Write("app/App.deps.json", """
            {
              "targets": { ".NETCoreApp,Version=v10.0": { "App/1.0.0": {}, "Some.Package/1.2.3": { "runtime": { "lib/net10.0/Some.Library.dll": {} } }, "Without.Files/1.2.3": {} } },
              "libraries": { "App/1.0.0": { "type": "project" }, "tool/1.0.0": { "type": "project" }, "Some.Package/1.2.3": { "type": "package" }, "Without.Files/1.2.3": { "type": "package" } }
            }
            """);
        Write("app/tool.deps.json", """
            {
              "targets": { ".NETCoreApp,Version=v10.0": { "tool/1.0.0": {}, "Some.Package/1.2.2": { "runtime": { "lib/net10.0/Some.Library.dll": {} } } } },
              "libraries": { "tool/1.0.0": { "type": "project" }, "Some.Package/1.2.2": { "type": "package" } }
            }
            """);
    }

    // A package of the version 1.2.3, in the lock file and in the folder of packages.
    private void Restored(string name, string licence, string? text = null)
    {
        Write("packages.lock.json", $$"""{ "dependencies": { "net10.0": { "{{name}}": { "type": "Direct", "resolved": "1.2.3" }, "larder": { "type": "Project" } } } }""");
        Write($"packages/{name.ToLowerInvariant()}/1.2.3/{name.ToLowerInvariant()}.nuspec", $"""
            <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata><id>{name}</id><version>1.2.3</version>{licence}</metadata></package>
            """);
        if (text is not null)
            Write($"packages/{name.ToLowerInvariant()}/1.2.3/LICENSE.txt", text);
    }

    private void Write(string name, string text)
    {
        var file = new FileInfo(Path.Combine(_folder.FullName, name));
        file.Directory!.Create();
        File.WriteAllText(file.FullName, text);
    }

    private Task<(int Exit, string Output)> RunHereAsync(params string[] arguments) =>
        RunAsync(Path.Combine(_folder.FullName, ".ci/licences"), Path.Combine(_folder.FullName, "packages"), arguments);

    private async Task<(int Exit, string Output)> RunAsync(string script, string? packages, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("python3", [script, .. arguments])
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["NUGET_PACKAGES"] = packages },
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
        return (process.ExitCode, await output + await error);
    }
}
